/** The service cannot be set up or started like this; the message is a sentence for the operator, without secrets. */
export class SetupRefused extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'SetupRefused'
  }
}
