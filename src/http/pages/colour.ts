/** Colours a person can read: contrast as WCAG 2.2 defines it, and a tenant's colour moved until it is enough. */

/** Least contrast between text and what lies behind it (WCAG 2.2, success criterion 1.4.3, level AA). */
export const READABLE = 4.5

const COLOUR = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i
const FALLBACK = '#1f4e8c'
const WHITE = '#ffffff'
const INK = '#10141a'

type Channels = readonly [red: number, green: number, blue: number]

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio"). Throws RangeError on another form. */
export function contrast(one: string, other: string): number {
  const [first, second] = [luminance(channels(one)), luminance(channels(other))]
  return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05)
}

/**
 * The colour itself when it can be read on `background`, else the nearest shade that can: darker on a light
 * background, lighter on a dark one. A value that is not `#rrggbb` gives our own blue: a typing error in a
 * tenant's settings must not stop its people from logging in, nor reach a style sheet.
 */
export function accessibleColour(colour: string, background: string = WHITE): string {
  const target: Channels = luminance(channels(background)) > 0.18 ? [0, 0, 0] : [255, 255, 255]
  const start = channels(COLOUR.test(colour) ? colour : FALLBACK)
  for (let step = 0; step <= 100; step += 1) {
    const shade = toHex(mix(start, target, step / 100))
    if (contrast(shade, background) >= READABLE) return shade
  }
  return toHex(target)
}

/** White or near-black, whichever is easier to read on `background` (`#rrggbb`). */
export function textOn(background: string): string {
  return contrast(WHITE, background) >= contrast(INK, background) ? WHITE : INK
}

function channels(colour: string): Channels {
  const [, red, green, blue] = COLOUR.exec(colour) ?? []
  if (red === undefined || green === undefined || blue === undefined) {
    throw new RangeError('a colour is written #rrggbb')
  }
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)]
}

function toHex(colour: Channels): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

function mix(from: Channels, to: Channels, share: number): Channels {
  const between = (start: number, end: number) => Math.round(start + (end - start) * share)
  return [between(from[0], to[0]), between(from[1], to[1]), between(from[2], to[2])]
}

/** Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance"). */
function luminance([red, green, blue]: Channels): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function linear(channel: number): number {
  const part = channel / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}
