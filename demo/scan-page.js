/** Runs in the demo wallet's page: reads the QR code in a picture that was chosen or pasted, and opens its link. */
import decodeQr from './qr/decode.js'

/**
 * A screenshot's small dots are enlarged, a camera's many points reduced. In some sizes the decoder misses a code that it
 * finds in others.
 */
const SIDES = [1000, 700, 1400]

const news = document.querySelector('#news')
const say = (text) => {
  if (news !== null) news.textContent = text
}

async function read(picture) {
  const image = await createImageBitmap(picture)
  for (const side of SIDES) {
    const link = linkIn(image, side)
    if (link !== undefined) return location.assign(`/open?${new URLSearchParams({ link })}`)
  }
  say('No QR code was found in that picture.')
}

function linkIn(image, side) {
  const scale = side / Math.max(image.width, image.height)
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(image.width * scale)
  canvas.height = Math.round(image.height * scale)
  const pen = canvas.getContext('2d')
  pen.drawImage(image, 0, 0, canvas.width, canvas.height)
  const { width, height, data } = pen.getImageData(0, 0, canvas.width, canvas.height)
  try {
    return decodeQr({ width, height, data })
  } catch {
    // The decoder throws where it finds none.
    return undefined
  }
}

function take(picture) {
  if (!picture) return
  read(picture).catch(() => say('That is no picture.'))
}

document
  .querySelector('#picture')
  ?.addEventListener('change', (event) => take(event.target.files[0]))
document.addEventListener('paste', (event) => {
  take([...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/')))
})
