/** Switches as an operator writes and reads them. */
import { InvalidArgumentError, Option } from 'commander'

/** An option that takes `on` or `off`. */
export function onOffOption(flag: string, description: string): Option {
  return new Option(`${flag} <on|off>`, description).argParser((text) => {
    if (text === 'on' || text === 'off') return text === 'on'
    throw new InvalidArgumentError('on or off.')
  })
}

export function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}
