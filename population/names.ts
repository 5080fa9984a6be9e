/** Names as people have them, and as two registers spell one and the same name. */

type List = readonly [string, ...string[]]

export const GIVEN: List = [
  ...(['Emma', 'Noah', 'Julia', 'Lucas', 'Mila', 'Sem', 'Tess', 'Daan', 'Sophie', 'Levi'] as const),
  ...['Anna', 'Finn', 'Sara', 'Liam', 'Eva', 'Milan', 'Lotte', 'Luuk', 'Nora', 'Bram', 'Lisa'],
  ...['Jan', 'Jana', 'Johan', 'Johanna', 'Maria', 'Mario', 'Marie', 'Fatima', 'Mohammed', 'Ali'],
  ...['Aisha', 'Yusuf', 'Ayşe', 'Emre', 'Zeynep', 'Wei', 'Li', 'Ming', 'Priya', 'Arjun', 'Chloé'],
  ...['Zoë', 'René', 'Renée', 'André', 'Andrea', 'Jürgen', 'Björn', 'Søren', 'Łukasz', 'Agnieszka'],
  ...['Ольга', 'Иван', 'Анна', 'Γιώργος', 'Ελένη', 'José', 'Inês', 'João', 'Siobhán', 'Seán'],
]

export const FAMILY: List = [
  ...(['de Jong', 'Jansen', 'de Vries', 'van den Berg', 'van Dijk', 'Bakker', 'Janssen'] as const),
  ...['Visser', 'Smit', 'Meijer', 'Meyer', 'de Boer', 'Mulder', 'de Groot', 'Bos', 'Vos', 'Peters'],
  ...['Hendriks', 'van Leeuwen', 'Dekker', 'Brouwer', 'de Wit', 'Dijkstra', 'Smits', 'de Graaf'],
  ...['Müller', 'Schmidt', 'Schröder', 'Weiß', 'Jäger', 'Yılmaz', 'Çelik', 'Özdemir', 'Şahin'],
  ...['Nguyễn', 'Trần', 'Kowalski', 'Wójcik', 'Łukasiewicz', 'Novák', 'Dvořák', 'Horváth', 'Nagy'],
  ...['Иванов', 'Петрова', 'Παπαδόπουλος', 'García', 'Núñez', 'Gonçalves', 'Öberg', 'Åkesson'],
  ...["O'Brien", 'O’Neill', 'Ní Bhriain', 'Smith-Jones', 'El Amrani', 'Ben Ali', 'Haddad', 'Khan'],
  ...['Wang', 'Zhang', 'Chen', 'Kim', 'Park', 'Singh', 'Patel', 'Øvergård', 'Sørensen', 'D’Angelo'],
]

const LETTERS: { readonly [letter: string]: string } = {
  ...{ ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', ø: 'oe', å: 'aa', æ: 'ae', ł: 'l', Ł: 'L', ı: 'i' },
  ...{ Ä: 'Ae', Ö: 'Oe', Ü: 'Ue', Ø: 'Oe', Å: 'Aa', '’': "'" },
  ...{ а: 'a', в: 'v', г: 'g', е: 'e', и: 'i', л: 'l', н: 'n', о: 'o', п: 'p', р: 'r', т: 't' },
  ...{ ь: '', И: 'I', П: 'P', О: 'O', А: 'A' },
  ...{ γ: 'g', ι: 'i', ώ: 'o', ρ: 'r', ο: 'o', ς: 's', λ: 'l', έ: 'e', ν: 'n', η: 'i' },
  ...{ α: 'a', π: 'p', δ: 'd', ό: 'o', υ: 'u', Γ: 'G', Ε: 'E', Π: 'P' },
}

/** As passports print it: every letter in ASCII, special ones as two (ICAO 9303, part 3, section 6). */
export function transliterate(name: string): string {
  const letters = [...name].map((letter) => LETTERS[letter] ?? letter).join('')
  return letters.normalize('NFD').replace(/\p{Mn}/gu, '')
}

/** As an old register prints it: marks dropped, nothing replaced by two letters. */
export function dropMarks(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replaceAll('’', "'")
}

/** As a form in capitals prints it. */
export function capitals(name: string): string {
  return name.toUpperCase()
}
