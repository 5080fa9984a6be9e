/** Everything a person reads, in two languages of one type, and the choice between them. Plain, warm and short. */

/** A language the pages speak. */
export type Language = 'en' | 'nl'

const en = {
  login: {
    title: 'Log in to',
    requested: 'Your wallet will be asked for',
    agreement: 'Nothing is shared until you agree in your wallet.',
    notice: 'How we handle your data',
    openWallet: 'Open my wallet',
    shareThroughBrowser: 'Continue with my wallet',
    openWalletInstead: 'Open a wallet app instead',
    browserAsks: 'Your browser is asking your wallet.',
    browserFailed: 'That did not work. Try it again, or choose another way below.',
    otherDevice: 'Wallet on another device?',
    qrStep: 'Scan this code with your wallet app.',
    qrAlt: 'QR code that opens this login in your wallet app',
    qrWarning: (host: string) =>
      `Only scan this code if you started this login yourself, here on ${host}.`,
    qrFor: 'It logs you in on this screen, to',
    qrOver: 'This code is no longer valid. Load the page again for a new one.',
    alternatives: 'Log in without a wallet',
    cancel: 'Cancel',
    waiting: 'Waiting for your wallet',
    retrieved: 'Your wallet has the request. Confirm there.',
    going: 'One moment, we are taking you further.',
    offline: 'No connection. We keep trying.',
    timeLeft: 'Time left',
    minuteLeft: 'One minute left to log in.',
    secondsLeft: (seconds: number) => `${seconds} seconds left to log in.`,
    checksItself: (seconds: number) => `This page looks for an answer every ${seconds} seconds.`,
    checkNow: 'Look now',
    expiredTitle: 'The time is up',
    expiredText: 'For your safety a login stays open only briefly. You can start again.',
    failedTitle: 'This did not work',
    failedText: 'We could not log you in. You can start again.',
  },
  onward: {
    title: 'One moment',
    text: 'We are taking you further.',
    go: 'Continue',
  },
  session: {
    title: 'Your login',
    there:
      'You are logged in here in this browser. Other websites of this institution may log you in without asking again.',
    none: 'You are not logged in here in this browser.',
    ended:
      'You are logged out here. Websites you already opened may keep you logged in: log out there too.',
    end: 'Log out',
  },
  logout: {
    title: 'Log out?',
    askedBy: 'This website asks to log you out:',
    text: 'You will then be asked for your wallet again, here and at the other websites of this institution.',
    stay: 'To stay logged in, close this page.',
    go: 'Log out',
  },
  confirm: {
    title: 'Are both of these yours?',
    text: 'You are about to link your wallet to your account. From then on the wallet alone logs you in.',
    wallet: 'Your wallet',
    issuedBy: 'Card issued by',
    account: 'Your account',
    warning: 'Do not continue if one of them is not yours, or if somebody asked you to do this.',
    go: 'Link them and log in',
  },
  consent: {
    title: 'May this website know this?',
    asks: 'asks to log you in here.',
    purpose: 'What it is for',
    learns: 'What it would learn',
    subject: 'A name for you that means nothing elsewhere',
    lasting: 'The same again later, also when you are not there',
    remembered:
      'If you say yes, we remember it. We ask again when the website wants more, or wants it for something else.',
    once: 'We keep nothing of this, so you are asked each time.',
    no: 'If you say no, nothing is shared and you are not logged in there.',
    agree: 'Yes, share this',
    refuse: 'No, do not share',
    takeBack: 'Take back an earlier yes',
  },
  accounts: {
    title: 'Which account?',
    text: 'You have several accounts. Choose the one to log in with at',
    legend: 'Your accounts',
    lastUsed: 'Last used on',
    remember: 'Remember my choice for this website',
    rememberHint:
      'You will be asked again when the website lets you choose, or when the account is gone.',
    go: 'Log in',
  },
  end: {
    done: {
      title: 'You are logged in',
      text: 'You can close this page and carry on where you started.',
    },
    // VP-084: a wallet's access_denied means "no such credential" or "the person said no"; this must fit both.
    refused: {
      title: 'You are not logged in',
      text: 'Your wallet did not share what was asked for. You can try again or go back.',
    },
    expired: {
      title: 'The time is up',
      text: 'For your safety a login stays open only briefly. Please start again.',
    },
    failed: {
      title: 'This did not work',
      text: 'We could not use the answer we received. Please try again.',
    },
    unavailable: {
      title: 'Back in a moment',
      text: 'The login service is out of reach right now. Please try again in a few minutes.',
    },
    other_browser: {
      title: 'Go back to where you started',
      text: 'This login began in another browser or on another device. Continue there, or start again here.',
    },
    closed: {
      title: 'This login is over',
      text: 'A login works once. Go back to the website you came from and start again.',
    },
    not_found: {
      title: 'There is nothing here',
      text: 'This link is wrong or no longer works.',
    },
    authorization_refused: {
      title: 'This login cannot start',
      text: 'The website you came from sent a request that we cannot accept. Its owner can solve this.',
    },
    logout_refused: {
      title: 'This logout cannot be done',
      text: 'The website you came from sent a request that we cannot accept. You are as logged in as you were before.',
    },
    not_agreed: {
      title: 'Nothing was shared',
      text: 'You said no, so you are not logged in at that website. You can go back and start again.',
    },
    credential_ended: {
      title: 'What your wallet showed is no longer valid',
      text: 'Look in your wallet for a newer one, or ask whoever gave it to you.',
    },
    status_unknown: {
      title: 'We could not check what your wallet showed',
      text: 'The one who gave it to you cannot be reached at the moment. Please try again in a few minutes.',
    },
    institution_refused: {
      title: 'Your institution did not confirm the login',
      text: 'You can try again. If it keeps happening, ask the help desk of your institution.',
    },
    not_allowed: {
      title: 'This login is not possible here',
      text: 'Your institution does not allow a login in this way. Its help desk can tell you how to log in.',
    },
    not_recognised: {
      title: 'We cannot log you in with this',
      text: 'We could not tell for sure which account is yours. Please ask the help desk of your institution.',
    },
    two_people: {
      title: 'Your wallet and your account do not match',
      text: 'They name two different people, so nothing was linked. Check that both are yours, or ask the help desk of your institution.',
    },
    nobody_known: {
      title: 'We keep nothing about you here',
      text: 'Nobody is known by what your wallet showed. If you think we should know you, try another card from your wallet, or ask the help desk of your institution.',
    },
    too_little: {
      title: 'Your wallet showed too little',
      text: 'What it shared is not enough to recognise you by. Try another card from your wallet, or ask the help desk of your institution.',
    },
    rate_limited: {
      title: 'A little too fast',
      text: 'There were many attempts in a short time. Please wait a moment and try again.',
    },
  },
  tryAgain: 'Try again',
  goBack: 'Go back',
  reference: 'For the help desk, mention this reference:',
  notice: 'Privacy notice',
  test: {
    good: 'The test login went well',
    bad: 'The test login did not go well',
    goodText:
      'A login like this one would be accepted. Nobody was linked, and nothing of this is kept.',
    badText: 'A login like this one would end. Nobody was linked, and nothing of this is kept.',
    once: 'This page is shown once.',
    reason: 'Why',
    identifier: 'Accounts are known by',
    found: 'found',
    absent: 'not found',
    level: 'What the provider said of the login',
    nothing: 'nothing',
    mapped: 'What becomes of it',
    attribute: 'Attribute',
    claim: 'Name at the provider',
    value: 'Value',
    use: 'Use',
    kept: 'kept',
    released: (scope: string) => `released with ${scope}`,
    missing: 'Required, and not given',
    unused: 'Given, and not used',
    all: 'Everything the provider said',
    otherReason: 'A login would end for another reason.',
    reasons: {
      login_refused: 'The provider answered that the login was refused.',
      response_invalid: 'The answer was not for this login or not from this provider.',
      token_request_failed: 'The provider did not redeem the code. Is the client secret right?',
      id_token_invalid: 'The ID token is not valid.',
      userinfo_invalid: 'The answer of the userinfo endpoint is not valid.',
      subject_missing: 'The claim that accounts are known by is missing, empty or several values.',
      attribute_missing: 'A required attribute has no value.',
      assurance_insufficient: 'The login is not as strong as the provider’s entry demands.',
      institution_not_allowed: 'The person belongs to an organisation that is not allowed here.',
      unavailable: 'The provider could not be reached, or was changed during the test.',
    },
  },
  api: {
    contents: 'Contents',
    other: 'Other',
    parameters: 'Parameters',
    required: 'required',
    optional: 'optional',
    request: 'Request',
    responses: 'Responses',
    errors: 'Errors',
    errorShapes: 'What errors look like',
    authentication: 'Authentication',
    version: 'Version',
  },
}

/** The shape that each language fills. */
export type Dictionary = typeof en

const nl: Dictionary = {
  login: {
    title: 'Inloggen bij',
    requested: 'We vragen je wallet om',
    agreement: 'Er wordt niets gedeeld tot je in je wallet akkoord geeft.',
    notice: 'Zo gaan we met je gegevens om',
    openWallet: 'Open mijn wallet',
    shareThroughBrowser: 'Ga verder met mijn wallet',
    openWalletInstead: 'Open liever een wallet-app',
    browserAsks: 'Je browser vraagt het aan je wallet.',
    browserFailed: 'Dat lukte niet. Probeer het opnieuw, of kies hieronder een andere manier.',
    otherDevice: 'Wallet op een ander apparaat?',
    qrStep: 'Scan deze code met je wallet-app.',
    qrAlt: 'QR-code die deze login opent in je wallet-app',
    qrWarning: (host) => `Scan deze code alleen als je zelf met inloggen begon, hier op ${host}.`,
    qrFor: 'Je logt ermee in op dit scherm, bij',
    qrOver: 'Deze code is niet meer geldig. Laad de pagina opnieuw voor een nieuwe.',
    alternatives: 'Inloggen zonder wallet',
    cancel: 'Annuleren',
    waiting: 'We wachten op je wallet',
    retrieved: 'Je wallet heeft de vraag ontvangen. Bevestig daar.',
    going: 'Een ogenblik, we brengen je verder.',
    offline: 'Geen verbinding. We blijven het proberen.',
    timeLeft: 'Resterende tijd',
    minuteLeft: 'Nog één minuut om in te loggen.',
    secondsLeft: (seconds) => `Nog ${seconds} seconden om in te loggen.`,
    checksItself: (seconds) => `Deze pagina kijkt elke ${seconds} seconden of er antwoord is.`,
    checkNow: 'Kijk nu',
    expiredTitle: 'De tijd is om',
    expiredText: 'Voor je veiligheid blijft een login maar kort open. Je kunt opnieuw beginnen.',
    failedTitle: 'Dit lukte niet',
    failedText: 'We konden je niet inloggen. Je kunt opnieuw beginnen.',
  },
  onward: {
    title: 'Een ogenblik',
    text: 'We brengen je verder.',
    go: 'Ga verder',
  },
  session: {
    title: 'Je login',
    there:
      'Je bent hier in deze browser ingelogd. Andere websites van deze instelling kunnen je inloggen zonder het opnieuw te vragen.',
    none: 'Je bent hier in deze browser niet ingelogd.',
    ended:
      'Je bent hier uitgelogd. Websites die je al open had, kunnen je ingelogd houden: log daar ook uit.',
    end: 'Uitloggen',
  },
  logout: {
    title: 'Uitloggen?',
    askedBy: 'Deze website vraagt om je uit te loggen:',
    text: 'Daarna wordt je wallet weer gevraagd, hier en bij de andere websites van deze instelling.',
    stay: 'Wil je ingelogd blijven, sluit dan deze pagina.',
    go: 'Uitloggen',
  },
  confirm: {
    title: 'Zijn deze allebei van jou?',
    text: 'Je gaat je wallet aan je account koppelen. Daarna log je met alleen je wallet in.',
    wallet: 'Je wallet',
    issuedBy: 'Kaart uitgegeven door',
    account: 'Je account',
    warning:
      'Ga niet verder als een van beide niet van jou is, of als iemand je vroeg dit te doen.',
    go: 'Koppelen en inloggen',
  },
  consent: {
    title: 'Mag deze website dit weten?',
    asks: 'wil je hier laten inloggen.',
    purpose: 'Waarvoor',
    learns: 'Wat de website te weten komt',
    subject: 'Een naam voor jou die nergens anders iets betekent',
    lasting: 'Later hetzelfde nog eens, ook als jij er niet bij bent',
    remembered:
      'Zeg je ja, dan onthouden we dat. We vragen het opnieuw als de website meer wil, of het ergens anders voor wil.',
    once: 'We bewaren hier niets van, dus we vragen het je elke keer.',
    no: 'Zeg je nee, dan wordt er niets gedeeld en ben je daar niet ingelogd.',
    agree: 'Ja, deel dit',
    refuse: 'Nee, niet delen',
    takeBack: 'Een eerder ja intrekken',
  },
  accounts: {
    title: 'Met welk account?',
    text: 'Je hebt meer dan één account. Kies waarmee je wilt inloggen bij',
    legend: 'Je accounts',
    lastUsed: 'Laatst gebruikt op',
    remember: 'Onthoud mijn keuze voor deze website',
    rememberHint:
      'We vragen het opnieuw als de website je laat kiezen, of als het account er niet meer is.',
    go: 'Inloggen',
  },
  end: {
    done: {
      title: 'Je bent ingelogd',
      text: 'Je kunt deze pagina sluiten en verdergaan waar je begon.',
    },
    refused: {
      title: 'Je bent niet ingelogd',
      text: 'Je wallet heeft niet gedeeld wat er gevraagd werd. Probeer het opnieuw of ga terug.',
    },
    expired: {
      title: 'De tijd is om',
      text: 'Voor je veiligheid blijft een login maar kort open. Begin opnieuw.',
    },
    failed: {
      title: 'Dit lukte niet',
      text: 'We konden het antwoord dat we kregen niet gebruiken. Probeer het opnieuw.',
    },
    unavailable: {
      title: 'Zo weer terug',
      text: 'De inlogdienst is nu niet bereikbaar. Probeer het over een paar minuten opnieuw.',
    },
    other_browser: {
      title: 'Ga terug naar waar je begon',
      text: 'Deze login begon in een andere browser of op een ander apparaat. Ga daar verder, of begin hier opnieuw.',
    },
    closed: {
      title: 'Deze login is voorbij',
      text: 'Een login werkt één keer. Ga terug naar de website waar je vandaan kwam en begin opnieuw.',
    },
    not_found: {
      title: 'Hier is niets',
      text: 'Deze link klopt niet of werkt niet meer.',
    },
    authorization_refused: {
      title: 'Deze login kan niet beginnen',
      text: 'De website waar je vandaan kwam stuurde een verzoek dat we niet kunnen aannemen. De eigenaar kan dit oplossen.',
    },
    logout_refused: {
      title: 'Dit uitloggen kan niet',
      text: 'De website waar je vandaan kwam stuurde een verzoek dat we niet kunnen aannemen. Er is niets aan je login veranderd.',
    },
    not_agreed: {
      title: 'Er is niets gedeeld',
      text: 'Je zei nee, dus je bent niet ingelogd bij die website. Je kunt teruggaan en opnieuw beginnen.',
    },
    credential_ended: {
      title: 'Wat je wallet liet zien is niet meer geldig',
      text: 'Kijk in je wallet of er een nieuwere is, of vraag het aan wie je hem gaf.',
    },
    status_unknown: {
      title: 'We konden niet controleren wat je wallet liet zien',
      text: 'Wie het je gaf is nu niet bereikbaar. Probeer het over een paar minuten opnieuw.',
    },
    institution_refused: {
      title: 'Je instelling bevestigde de login niet',
      text: 'Probeer het opnieuw. Blijft het gebeuren, vraag dan de helpdesk van je instelling.',
    },
    not_allowed: {
      title: 'Zo inloggen kan hier niet',
      text: 'Je instelling staat deze manier van inloggen niet toe. De helpdesk kan vertellen hoe het wel kan.',
    },
    not_recognised: {
      title: 'Hiermee kunnen we je niet inloggen',
      text: 'We weten niet zeker welk account van jou is. Vraag de helpdesk van je instelling om hulp.',
    },
    two_people: {
      title: 'Je wallet en je account horen niet bij elkaar',
      text: 'Ze noemen twee verschillende personen, dus er is niets gekoppeld. Kijk of ze allebei van jou zijn, of vraag de helpdesk van je instelling om hulp.',
    },
    nobody_known: {
      title: 'We bewaren hier niets over je',
      text: 'Door wat je wallet liet zien is niemand bekend. Denk je dat we je zouden moeten kennen, probeer dan een andere kaart uit je wallet, of vraag de helpdesk van je instelling om hulp.',
    },
    too_little: {
      title: 'Je wallet liet te weinig zien',
      text: 'Wat gedeeld werd is niet genoeg om je te herkennen. Probeer een andere kaart uit je wallet, of vraag de helpdesk van je instelling om hulp.',
    },
    rate_limited: {
      title: 'Iets te snel',
      text: 'Er waren veel pogingen in korte tijd. Wacht even en probeer het dan opnieuw.',
    },
  },
  tryAgain: 'Probeer opnieuw',
  goBack: 'Ga terug',
  reference: 'Noem bij de helpdesk dit kenmerk:',
  notice: 'Privacyverklaring',
  test: {
    good: 'De testlogin is gelukt',
    bad: 'De testlogin is niet gelukt',
    goodText:
      'Zo’n login wordt geaccepteerd. Er is niemand gekoppeld en hiervan wordt niets bewaard.',
    badText: 'Zo’n login loopt vast. Er is niemand gekoppeld en hiervan wordt niets bewaard.',
    once: 'Deze pagina is één keer te zien.',
    reason: 'Waarom',
    identifier: 'Een account wordt herkend aan',
    found: 'gevonden',
    absent: 'niet gevonden',
    level: 'Wat de provider over de login zei',
    nothing: 'niets',
    mapped: 'Wat ervan wordt',
    attribute: 'Attribuut',
    claim: 'Naam bij de provider',
    value: 'Waarde',
    use: 'Gebruik',
    kept: 'bewaard',
    released: (scope) => `gedeeld met ${scope}`,
    missing: 'Verplicht en niet gegeven',
    unused: 'Gegeven en niet gebruikt',
    all: 'Alles wat de provider zei',
    otherReason: 'Een login loopt om een andere reden vast.',
    reasons: {
      login_refused: 'De provider antwoordde dat de login is geweigerd.',
      response_invalid: 'Het antwoord hoorde niet bij deze login of kwam niet van deze provider.',
      token_request_failed: 'De provider wisselde de code niet in. Klopt het client secret?',
      id_token_invalid: 'Het ID-token is niet geldig.',
      userinfo_invalid: 'Het antwoord van het userinfo-adres is niet geldig.',
      subject_missing:
        'De claim waaraan accounts worden herkend ontbreekt, is leeg of heeft meer waarden.',
      attribute_missing: 'Een verplicht attribuut heeft geen waarde.',
      assurance_insufficient: 'De login is minder sterk dan bij de provider is ingesteld.',
      institution_not_allowed: 'De persoon hoort bij een organisatie die hier niet is toegestaan.',
      unavailable: 'De provider was niet bereikbaar of is tijdens de test gewijzigd.',
    },
  },
  api: {
    contents: 'Inhoud',
    other: 'Overig',
    parameters: 'Parameters',
    required: 'verplicht',
    optional: 'optioneel',
    request: 'Verzoek',
    responses: 'Antwoorden',
    errors: 'Fouten',
    errorShapes: 'Hoe fouten eruitzien',
    authentication: 'Authenticatie',
    version: 'Versie',
  },
}

/** What the pages say in each language. */
export const DICTIONARIES: Readonly<Record<Language, Dictionary>> = { en, nl }

/** No header or parameter needs more; what stands behind is not looked at. */
const MOST_TAGS = 20

/**
 * The language to speak: the first of `ui_locales` that we know (space-separated, in order of preference; OpenID
 * Connect Core section 3.1.2.1), else the best of the Accept-Language header by its q values (RFC 9110 section 12.5.4),
 * else English.
 */
export function chooseLanguage(
  uiLocales: string | undefined,
  acceptLanguage: string | undefined,
): Language {
  const wished = (uiLocales ?? '').split(' ', MOST_TAGS).map(knownLanguage)
  return wished.find((language) => language !== undefined) ?? best(acceptLanguage ?? '') ?? 'en'
}

function best(acceptLanguage: string): Language | undefined {
  let choice: { language: Language; weight: number } | undefined
  for (const range of acceptLanguage.split(',', MOST_TAGS)) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
    const language = tag === '*' ? 'en' : knownLanguage(tag)
    const weight = readWeight(parameters)
    if (language !== undefined && weight > (choice?.weight ?? 0)) choice = { language, weight }
  }
  return choice?.language
}

/** 1 where no q is given; 0, which means "not this one", where it is not a number of RFC 9110 section 12.4.2. */
function readWeight(parameters: readonly string[]): number {
  const [weight, ...others] = parameters
  if (weight === undefined) return 1
  const [, value] = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i.exec(weight) ?? []
  return value === undefined || others.length > 0 ? 0 : Number(value)
}

function knownLanguage(tag: string): Language | undefined {
  const [primary = ''] = tag.toLowerCase().split('-', 1)
  return primary === 'nl' || primary === 'en' ? primary : undefined
}
