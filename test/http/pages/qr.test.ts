import decodeQR from 'qr/decode.js'
import { expect, test } from 'vitest'
import { renderQr } from '../../../src/http/pages/qr.ts'
import { WALLET_LINK } from './samples.ts'

test.each([['a'], [WALLET_LINK], ['é€😀'], ['x'.repeat(470)], ['x'.repeat(900)]])(
  'IT-08 the code reads back (%#)',
  (text) => {
    expect(decodeQR(rasterise(renderQr(text)))).toBe(text)
  },
)

test('IT-08 up to 470 bytes a code survives the loss that only level Q repairs', () => {
  const image = rasterise(renderQr(WALLET_LINK))
  // A blot over the middle, some 15 percent of the area: more than levels L (7 percent) and M (15, in theory) take.
  const side = Math.round(image.width * 0.38)
  const from = Math.round((image.width - side) / 2)
  for (let y = from; y < from + side; y += 1) {
    image.data.fill(255, (y * image.width + from) * 4, (y * image.width + from + side) * 4)
  }
  expect(decodeQR(image)).toBe(WALLET_LINK)
})

test('OP-24 the code carries no style, no script and no address but the SVG namespace', () => {
  const svg = renderQr(WALLET_LINK)
  expect(svg).not.toMatch(/style|script|href/i)
  expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg'])
})

test('ISO/IEC 18004 four light modules surround the code', () => {
  const { data, width } = rasterise(renderQr('a'), 1)
  const dark = (x: number, y: number) => data[(y * width + x) * 4] === 0
  expect(dark(4, 4)).toBe(true)
  for (let at = 0; at < width; at += 1) {
    expect([dark(at, 3), dark(3, at), dark(at, width - 4), dark(width - 4, at)]).not.toContain(true)
  }
})

test.each(['', 'x'.repeat(901), '€'.repeat(301)])(
  'VP-133 no code is made that nobody can scan (%#)',
  (text) => {
    expect(() => renderQr(text)).toThrow(RangeError)
  },
)

/** The SVG's dark path drawn on white, `scale` pixels a module. */
function rasterise(svg: string, scale = 4): { width: number; height: number; data: Uint8Array } {
  const side = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
  const path = /fill="#000000" d="([^"]*)"/.exec(svg)?.[1] ?? ''
  const width = side * scale
  const data = new Uint8Array(width * width * 4).fill(255)
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let line = Number(y) * scale; line < (Number(y) + 1) * scale; line += 1) {
      for (let at = Number(x) * scale; at < (Number(x) + Number(run)) * scale; at += 1) {
        data.fill(0, (line * width + at) * 4, (line * width + at) * 4 + 3)
      }
    }
  }
  return { width, height: width, data }
}
