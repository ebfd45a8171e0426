/** Removes secrets from a text and cuts it. */
export type Redact = (text: string) => string

/**
 * Texts are cut to this many characters before the expressions below run. An error may quote megabytes, and these
 * expressions need memory for each character that they can backtrack over: some megabytes end in a RangeError.
 */
export const maxTextLength = 16_000

/**
 * Matches credentials in connection URLs, in whatever field they appear, also where the text was cut within a URL. Each
 * match ends where the next URL begins, so that a text that repeats `postgres://` is scanned in linear time.
 */
const credentials = /\b(postgres(?:ql)?:\/\/)(?:(?!postgres(?:ql)?:\/\/)[^\s"'\\])*(?:@|(?=…$))/gi
const passwords = /(password\s*=\s*)(?:'+[^'"]*(?:'+|(?=…$))|(?:[^\s"'&\\]|\\[^"'])+)/gi

/**
 * Secrets shorter than this are hidden only within connection strings: they are likely to be ordinary words, and hiding
 * those everywhere would make log lines unreadable.
 */
const minSecretLength = 6

/**
 * Returns a function that cuts a text to 16,000 characters and replaces secrets by `…`: the user and password of any
 * connection string, and each of `secrets` wherever it appears. A secret is recognised as it is, percent-encoded as in a
 * URL, and escaped as in JSON, because an error of a library may quote it in any of these forms. Takes linear time.
 */
export function createRedact(secrets: readonly string[] = []): Redact {
  const forms = secrets
    .filter((secret) => secret.length >= minSecretLength)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length)
  return (text) => {
    const cut = text.length > maxTextLength ? `${dropPartialSecret(longestFirst, text.slice(0, maxTextLength))}…` : text
    const withoutSecrets = longestFirst.reduce((shown, form) => shown.replaceAll(form, '…'), cut)
    return withoutSecrets.replace(credentials, '$1…@').replace(passwords, '$1…')
  }
}

/** Removes the beginning of a secret from the end of a cut text, where no other rule would recognise it. */
function dropPartialSecret(secrets: readonly string[], text: string): string {
  const partLengths = secrets.map((secret) => {
    let length = Math.min(secret.length - 1, text.length)
    while (length > 0 && !text.endsWith(secret.slice(0, length))) length--
    return length
  })
  return text.slice(0, text.length - Math.max(0, ...partLengths))
}
