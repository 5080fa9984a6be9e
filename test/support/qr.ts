/** Reads a QR code back from the SVG our pages draw, with the decoder of the `qr` package. */
import decode from 'qr/decode.js'

const SCALE = 4

/** The text in the code. Throws when it cannot be read. */
export function decodeQrSvg(svg: string): string {
  const side = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]) * SCALE
  const dark = /fill="#000000" d="([^"]+)"/.exec(svg)?.[1] ?? ''
  const data = new Uint8Array(side * side * 4).fill(255)
  for (const [, x, y, width] of dark.matchAll(/M(\d+) (\d+)h(\d+)v1/g)) {
    for (let row = Number(y) * SCALE; row < (Number(y) + 1) * SCALE; row++) {
      const from = row * side + Number(x) * SCALE
      for (let at = from; at < from + Number(width) * SCALE; at++) data.fill(0, at * 4, at * 4 + 3)
    }
  }
  return decode({ width: side, height: side, data })
}
