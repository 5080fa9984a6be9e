import { expect, test } from 'vitest'
import { accessibleColour, contrast, READABLE, textOn } from '../../../src/http/pages/colour.ts'
import { pageStyle } from '../../../src/http/pages/style.ts'

test.each([
  ['#ffffff', '#000000', 21],
  ['#000000', '#ffffff', 21],
  ['#777777', '#ffffff', 4.48],
  ['#767676', '#ffffff', 4.54],
  ['#ff0000', '#ffffff', 4.0],
  ['#0000ff', '#ffffff', 8.59],
  ['#123456', '#123456', 1],
])('WCAG 2.2 1.4.3 the contrast of %s and %s is %d', (one, other, ratio) => {
  expect(contrast(one, other)).toBeCloseTo(ratio, 2)
})

test.each(['#fff', 'red', '#12345g', '#1234567', '', '#ffffff;}'])(
  'contrast refuses the colour %j',
  (colour) => {
    expect(() => contrast(colour, '#ffffff')).toThrow(RangeError)
  },
)

const TENANT_COLOURS = ['#ffffff', '#000000', '#ffd800', '#ff0000', '#00ff00', '#0b6e4f', '#7f7f7f']
const BACKGROUNDS = ['#ffffff', '#f4f6f9', '#1b222d', '#000000']

test.each(
  TENANT_COLOURS.flatMap((colour) => BACKGROUNDS.map((ground) => [colour, ground] as const)),
)('WCAG 2.2 1.4.3 tenant colour %s is readable on %s, and text on it too', (colour, ground) => {
  const shade = accessibleColour(colour, ground)
  expect(contrast(shade, ground)).toBeGreaterThanOrEqual(READABLE)
  expect(contrast(textOn(shade), shade)).toBeGreaterThanOrEqual(READABLE)
})

test('a colour that can be read already is kept', () => {
  expect(accessibleColour('#0B6E4F')).toBe('#0b6e4f')
})

test('a yellow is darkened and stays a yellow', () => {
  const shade = accessibleColour('#ffd800')
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(shade.slice(at, at + 2), 16))
  expect(red).toBeGreaterThan(100)
  expect(green).toBeGreaterThan(80)
  expect(blue).toBe(0)
})

test.each(['red', '#fff', '', '#000000;}body{display:none', 'url(https://evil.example)'])(
  'OP-24 the colour %j of a tenant reaches no style sheet',
  (colour) => {
    const style = pageStyle(colour)
    expect(style).toBe(pageStyle('#1f4e8c'))
    if (colour !== '') expect(style).not.toContain(`--accent:${colour}`)
  },
)
