/**
 * One spelling for values that people and systems spell in several ways, so that the wallet's and the institution's can
 * be hashed or compared. Both sides go through the same function, and what cannot be read with certainty gives nothing:
 * a link that is missed can be made again, a wrong one cannot be taken back.
 *
 * Unicode's own NFKC and `toLowerCase` fold characters that are not the same ('ſ' and 's', 'ﬁ' and 'fi', the Kelvin sign
 * and 'k'), so neither is used (protocols CR-18, CR-19, CR-22; UAX 15). {@link NORMALISATION} versions these rules.
 */

/** What the tenant lets count as the same letter, in names. */
export interface Folding {
  /** 'Ö' and 'ö'. */
  case: boolean
  /** 'ö' and 'o': marks that Unicode itself takes apart from their letter; 'ø' and 'ß' are letters of their own. */
  diacritics: boolean
}

/** Longest value that is looked at, in UTF-16 units. */
const LONGEST = 512

/**
 * Control, format (bidirectional, zero-width), private, unassigned and lone surrogate characters hide differences; so do
 * the signs of ohm, kelvin and ångström, which NFC turns into letters.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2126\u212a\u212b]/u
const SPACES = /[\p{White_Space}]+/gu

/** Trimmed, NFC, white space runs as one space; undefined for empty, too long or with hidden characters. */
function cleanText(value: string): string | undefined {
  if (value.length > LONGEST) return undefined
  const text = value.replace(SPACES, ' ').trim()
  return text === '' || HIDDEN.test(text) ? undefined : text.normalize('NFC')
}

/** Lower case where upper and lower belong to each other alone: never one letter to two, never two letters to one. */
function foldCase(text: string): string {
  return [...text]
    .map((letter) => {
      const lower = letter.toLowerCase()
      return [...lower].length === 1 && lower.toUpperCase() === letter ? lower : letter
    })
    .join('')
}

/** Letter by letter. The Turkish dotted capital stays: without its dot it would be the dotless letter's capital. */
function foldDiacritics(text: string): string {
  return [...text].map(bareLetter).join('')
}

function bareLetter(letter: string): string {
  return letter === 'İ'
    ? letter
    : letter
        .normalize('NFD')
        .replace(/\p{Mn}/gu, '')
        .normalize('NFC')
}

/** A name of a person or a place. The typewriter's apostrophe and hyphen stand for the printer's. */
export function normaliseName(value: string, folding: Folding): string | undefined {
  const text = cleanText(value)
  if (text === undefined) return undefined
  const plain = text.replace(/[\u2019\u02bc]/g, "'").replace(/[\u2010\u2011]/g, '-')
  const bare = folding.diacritics ? foldDiacritics(plain) : plain
  const folded = folding.case ? foldCase(bare) : bare
  return folded === '' ? undefined : folded
}

/** A value that is compared character by character; undefined where it is empty, padded or hides characters. */
export function normaliseExact(value: string): string | undefined {
  if (value === '' || value.length > LONGEST || value.trim() !== value) return undefined
  return HIDDEN.test(value) ? undefined : value
}

/** A calendar date in the one form `YYYY-MM-DD` (ISO 8601); undefined for a day that does not exist or another form. */
export function normaliseDate(value: string): string | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return undefined
  const time = Date.parse(`${value}T00:00:00.000Z`)
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== value) return undefined
  return value
}

/**
 * An e-mail address: ASCII local part in ASCII lower case, domain as A-label in lower case (UTS 46). Dots and plus signs
 * stay: what they mean is the provider's own affair, and removing them merges different people (CR-18).
 */
export function normaliseEmail(value: string): string | undefined {
  const text = cleanText(value)
  if (text === undefined || text.length > 254) return undefined
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  if (at < 1 || local.length > 64 || !/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+$/.test(local))
    return undefined
  const domain = normaliseDomain(text.slice(at + 1))
  if (domain === undefined) return undefined
  return `${asciiLower(local)}@${domain}`
}

/**
 * `user@scope`, such as an eduPersonPrincipalName: the scope is a domain; of the user, case folds in ASCII where the tenant
 * lets it (CR-20). Institutions may give one to somebody else, so it is never enough by itself (UP-65).
 */
export function normaliseScoped(value: string, folding: Folding): string | undefined {
  const at = value.indexOf('@')
  const user = normaliseExact(value.slice(0, Math.max(at, 0)))
  const scope = normaliseDomain(value.slice(at + 1))
  if (user === undefined || scope === undefined || /\s/u.test(user)) return undefined
  return `${folding.case ? asciiLower(user) : user}@${scope}`
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function normaliseDomain(domain: string): string | undefined {
  if (/[\s/?#\\%:[\]@]/u.test(domain)) return undefined
  const ascii = (URL.parse(`https://${domain}/`)?.hostname ?? '').replace(/\.$/, '')
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
  const labels = ascii.split('.')
  if (labels.length < 2 || !labels.every((each) => label.test(each))) return undefined
  // Four numbers are an address, not a name.
  return /^[0-9]+$/.test(labels.at(-1) ?? '') ? undefined : ascii
}

/** Odd positions of an Italian tax code, letter or digit → its worth (Decreto 13813/1976). */
const ODD = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
]

/**
 * An Italian tax code, with or without `TINIT-`: sixteen characters in upper case whose check letter is right. Codes in
 * which digits were replaced by letters stay what they are (protocols IT-02).
 */
export function normaliseTaxCode(value: string): string | undefined {
  const text = value.replace(/^TINIT-/, '').replace(/[a-z]/g, (letter) => letter.toUpperCase())
  if (!/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/.test(text))
    return undefined
  const worth = (letter: string) =>
    /[0-9]/.test(letter) ? Number(letter) : letter.charCodeAt(0) - 'A'.charCodeAt(0)
  const sum = [...text.slice(0, 15)].reduce(
    (total, letter, index) => total + (index % 2 === 0 ? (ODD[worth(letter)] ?? 0) : worth(letter)),
    0,
  )
  return text.at(15) === String.fromCharCode('A'.charCodeAt(0) + (sum % 26)) ? text : undefined
}
