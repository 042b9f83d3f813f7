import {expect, test} from '@jest/globals'
import {proxyFor} from '../../src/io/proxy.ts'

const proxy = 'http://proxy:3128'

/** Rules of golang.org/x/net/http/httpproxy, config.useProxy. */
test.each<[string, string, Record<string, string>, string | null]>([
  ['nothing set', 'https://api:6443', {}, null],
  ['https goes by HTTPS_PROXY', 'https://api:6443', {HTTPS_PROXY: proxy, HTTP_PROXY: 'http://other'}, proxy],
  ['http goes by HTTP_PROXY', 'http://api:8080', {HTTPS_PROXY: proxy, HTTP_PROXY: 'http://other'}, 'http://other'],
  ['lower case too', 'https://api', {https_proxy: proxy}, proxy],
  ['a bare host is http', 'https://api', {HTTPS_PROXY: 'proxy:3128'}, proxy],
  ['loopback never', 'https://127.0.0.1:6443', {HTTPS_PROXY: proxy}, null],
  ['localhost never', 'https://localhost:6443', {HTTPS_PROXY: proxy}, null],
  ['IPv6 loopback never', 'https://[::1]:6443', {HTTPS_PROXY: proxy}, null],
  ['NO_PROXY *', 'https://api', {HTTPS_PROXY: proxy, NO_PROXY: '*'}, null],
  ['a name and those below it', 'https://a.corp.example', {HTTPS_PROXY: proxy, NO_PROXY: 'x, corp.example'}, null],
  ['the name itself', 'https://corp.example', {HTTPS_PROXY: proxy, NO_PROXY: 'corp.example'}, null],
  ['not a name that merely ends alike', 'https://mycorp.example', {HTTPS_PROXY: proxy, NO_PROXY: 'corp.example'}, proxy],
  ['a leading dot: only those below', 'https://corp.example', {HTTPS_PROXY: proxy, NO_PROXY: '.corp.example'}, proxy],
  ['a leading star like a dot', 'https://a.corp.example', {HTTPS_PROXY: proxy, NO_PROXY: '*.corp.example'}, null],
  ['upper case', 'https://A.corp.example', {HTTPS_PROXY: proxy, no_proxy: 'CORP.example'}, null],
  ['a port that matches', 'https://api:6443', {HTTPS_PROXY: proxy, NO_PROXY: 'api:6443'}, null],
  ['a port that does not', 'https://api:443', {HTTPS_PROXY: proxy, NO_PROXY: 'api:6443'}, proxy],
  ["the scheme's own port", 'https://api', {HTTPS_PROXY: proxy, NO_PROXY: 'api:443'}, null],
  ['an address', 'https://10.1.2.3:6443', {HTTPS_PROXY: proxy, NO_PROXY: '10.1.2.3'}, null],
  ['a range', 'https://10.1.2.3:6443', {HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/8'}, null],
  ['outside the range', 'https://11.1.2.3:6443', {HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/8'}, proxy],
  ['an IPv6 range', 'https://[fd00::1]:6443', {HTTPS_PROXY: proxy, NO_PROXY: 'fd00::/8'}, null],
  ['a range of the other family', 'https://10.1.2.3', {HTTPS_PROXY: proxy, NO_PROXY: 'fd00::/8'}, proxy],
  ['a range that is none', 'https://10.1.2.3', {HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/99, x/8'}, proxy],
])('%s', (_, target, env, expected) => {
  expect(proxyFor(new URL(target), env)).toBe(expected)
})
