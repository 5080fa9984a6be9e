/** A QR code as an SVG of one path: no style attribute, so it passes any Content-Security-Policy. */
import encodeQR from 'qr'

/** ISO/IEC 18004 section 9.1: four light modules all around, or a camera does not find the code. */
const BORDER = 4
/** Up to here level Q needs at most 97 modules a side, which a phone still reads from a laptop's screen. */
const QUARTILE_BYTES = 470
/** Beyond this a code is too dense to scan from a screen; a request goes by reference and is far shorter. */
const MOST_BYTES = 900

/**
 * The SVG of a QR code for `text`, black on white whatever the colour scheme. Error correction Q (protocols IT-08) while
 * the code stays scannable, else M. Throws RangeError when the text is empty or longer than 900 bytes.
 */
export function renderQr(text: string): string {
  const size = Buffer.byteLength(text)
  if (size === 0 || size > MOST_BYTES) throw new RangeError('a QR code holds 1 to 900 bytes')
  const ecc = size <= QUARTILE_BYTES ? 'quartile' : 'medium'
  const rows = encodeQR(text, 'raw', { ecc, border: BORDER })
  const side = rows.length
  const path = rows.map((row, y) => drawRow(row, y)).join('')
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="${side * 4}" ` +
    `height="${side * 4}" shape-rendering="crispEdges"><path fill="#ffffff" d="M0 0h${side}v${side}H0z"/>` +
    `<path fill="#000000" d="${path}"/></svg>`
  )
}

/** One rectangle for each run of dark modules. */
function drawRow(row: readonly boolean[], y: number): string {
  let path = ''
  for (let x = 0; x < row.length; x += 1) {
    if (row[x] !== true) continue
    let end = x + 1
    while (row[end] === true) end += 1
    path += `M${x} ${y}h${end - x}v1H${x}z`
    x = end
  }
  return path
}
