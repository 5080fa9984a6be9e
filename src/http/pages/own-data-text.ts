/** What a person reads who looks after their own data, in two languages of one type. */
import type { Language } from './text.ts'

const en = {
  start: {
    title: 'Your data with us',
    text: 'See what we keep about you, take a copy, or have it erased.',
    byWallet: 'Your wallet proves that it is you: open this page on the device that has it.',
    byEither: 'Your wallet, or a new login at your institution, proves that it is you.',
    go: 'Continue with my wallet',
    goOn: 'Continue',
    refused: 'Your wallet did not share what was asked for. You can try again.',
  },
  page: {
    title: 'What we keep about you',
    done: 'Done.',
    links: 'Your wallets and accounts',
    wallet: 'Wallet',
    institution: 'Account',
    lastUsed: 'last used on',
    ended: 'ended on',
    unlink: (what: string) => `Remove this link: ${what}`,
    consents: 'Websites you said yes to',
    agreed: 'since',
    takeBack: (name: string) => `Take back my yes: ${name}`,
    attributes: 'What we remember of you',
    categories: 'What your institution keeps here',
    none: 'Nothing.',
    some: 'Erase what I ticked',
    someHint: 'If you log in at your institution again, it may tell us anew.',
    logins: (count: number) =>
      count === 1
        ? 'One website can ask about you at the moment.'
        : `${count} websites can ask about you at the moment.`,
    copy: 'Download a copy of everything (JSON)',
    all: 'Erase everything',
    allText:
      'Everything above goes at once and for good. You can link your wallet anew later; you will then be somebody new to every website.',
    sure: 'Yes, erase everything about me.',
    go: 'Erase everything',
  },
  erased: {
    title: 'Everything about you is erased',
    text: 'We no longer know you. This receipt proves it; it does not name you. Keep it if you like.',
    receipt: 'Receipt',
    number: 'Number',
    at: 'Erased on',
  },
}

export type OwnDataText = typeof en

const nl: OwnDataText = {
  start: {
    title: 'Jouw gegevens bij ons',
    text: 'Bekijk wat we over je bewaren, neem een kopie mee, of laat het wissen.',
    byWallet:
      'Met je wallet laat je zien dat jij het bent: open deze pagina op het apparaat waar hij op staat.',
    byEither:
      'Met je wallet, of door opnieuw in te loggen bij je instelling, laat je zien dat jij het bent.',
    go: 'Verder met mijn wallet',
    goOn: 'Verder',
    refused: 'Je wallet heeft niet gedeeld wat er gevraagd werd. Je kunt het opnieuw proberen.',
  },
  page: {
    title: 'Wat we over je bewaren',
    done: 'Gedaan.',
    links: 'Je wallets en accounts',
    wallet: 'Wallet',
    institution: 'Account',
    lastUsed: 'laatst gebruikt op',
    ended: 'beëindigd op',
    unlink: (what) => `Verwijder deze koppeling: ${what}`,
    consents: 'Websites waar je ja tegen zei',
    agreed: 'sinds',
    takeBack: (name) => `Trek mijn ja in: ${name}`,
    attributes: 'Wat we van je onthouden',
    categories: 'Wat je instelling hier bewaart',
    none: 'Niets.',
    some: 'Wis wat ik aanvinkte',
    someHint: 'Log je opnieuw in bij je instelling, dan kan die het ons weer vertellen.',
    logins: (count) =>
      count === 1
        ? 'Eén website kan nu iets over je vragen.'
        : `${count} websites kunnen nu iets over je vragen.`,
    copy: 'Download een kopie van alles (JSON)',
    all: 'Alles wissen',
    allText:
      'Alles hierboven verdwijnt meteen en voorgoed. Je kunt je wallet later opnieuw koppelen; voor elke website ben je dan iemand nieuw.',
    sure: 'Ja, wis alles over mij.',
    go: 'Wis alles',
  },
  erased: {
    title: 'Alles over je is gewist',
    text: 'We kennen je niet meer. Dit bewijs toont dat aan; het noemt je niet. Bewaar het als je wilt.',
    receipt: 'Bewijs',
    number: 'Nummer',
    at: 'Gewist op',
  },
}

export const OWN_DATA: { readonly [language in Language]: OwnDataText } = { en, nl }
