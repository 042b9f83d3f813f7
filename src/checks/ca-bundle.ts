/** When a certificate is valid, in milliseconds since the epoch. */
export interface Validity {
  notBefore: number
  notAfter: number
}

/** What a webhook's `caBundle` (base64 of PEM) says of its certificates: when each is valid, and how many blocks are none. */
export function caBundleFrom(caBundle: string): {certificates: Validity[]; unreadable: number} {
  const text = Buffer.from(caBundle, 'base64').toString('latin1')
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----((?:(?!-----)[\s\S])*)/g)].map(([, body = '']) => validityOf(body))
  const certificates = blocks.filter((each) => each !== null)
  return {certificates, unreadable: blocks.length - certificates.length}
}

/** RFC 5280, 4.1: Certificate { TBSCertificate { [0] version, serial, algorithm, issuer, validity { notBefore, notAfter }, … } … }. */
function validityOf(base64: string): Validity | null {
  const der = Buffer.from(base64, 'base64')
  const fields = childrenOf(der, childrenOf(der, {start: 0, end: der.length})[0])
  const tbs = childrenOf(der, fields[0])
  const validity = tbs[tbs[0]?.tag === 0xa0 ? 4 : 3]
  const [notBefore = Number.NaN, notAfter = Number.NaN] = childrenOf(der, validity).map((time) => timeOf(der, time))
  return Number.isNaN(notBefore) || Number.isNaN(notAfter) ? null : {notBefore, notAfter}
}

interface Element {
  tag: number
  start: number
  end: number
}

/** The elements within one; what does not fit into it is left out, so a certificate cut short is none. */
function childrenOf(der: Buffer, within: Pick<Element, 'start' | 'end'> | undefined): Element[] {
  const found: Element[] = []
  for (let at = within?.start ?? 0; within !== undefined && at + 2 <= within.end; ) {
    const first = der[at + 1] ?? 0
    const more = first > 0x80 ? first - 0x80 : 0
    if (more > 4 || at + 2 + more > within.end) break
    const start = at + 2 + more
    const end = start + (more > 0 ? der.readUIntBE(at + 2, more) : first)
    if (end > within.end) break
    found.push({tag: der[at] ?? 0, start, end})
    at = end
  }
  return found
}

/** UTCTime (tag 23, two digits of the year: 50 and more are of the 20th century) or GeneralizedTime. */
function timeOf(der: Buffer, {tag, start, end}: Element): number {
  const text = der.toString('latin1', start, end)
  const full = tag === 23 ? `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}` : text
  return Date.parse(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}
