import {plainLines} from '../../src/observe/access-log-lines.ts'

// Lines as proxies on the test bed wrote them.
const plain =
  '[2026-11-22T22:33:47.189Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 307 1 0 "-" "Go-http-client/1.1" "b712ddc6-08b1-4e57-b815-8f449fed1ecc" "orders.shop" "10.122.128.6:8080" inbound|8080|| 127.0.0.6:36102 10.122.128.6:8080 10.122.128.7:36624 - default'
const mutual =
  '[2026-11-22T22:34:12.214Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 550 0 0 "-" "Go-http-client/1.1" "f0bbc507-af5b-423b-a937-f64a3adcf23b" "orders" "10.122.128.6:8080" inbound|8080|| 127.0.0.6:51762 10.122.128.6:8080 10.122.128.5:35592 outbound_.80_._.orders.shop.svc.cluster.local default'
const refused =
  '[2026-11-22T22:34:17.322Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 10.122.128.6:8080 10.122.128.7:42606 - -'
const outbound = plain.replace('inbound|8080||', 'outbound|80||cart.shop.svc.cluster.local')

const call = {at: '2026-11-22T22:33:47.189Z', port: 8080, address: '10.122.128.7', refused: false, protocol: 'http'}

test.each<[string, string, object[]]>([
  ['a plain HTTP call', plain, [call]],
  ['a call with mutual TLS', mutual, []],
  ['a call of its own', outbound, []],
  ['a refused call', refused, [{...call, at: '2026-11-22T22:34:17.322Z', refused: true, protocol: 'tcp'}]],
  ['a TCP connection', plain.replace('GET / HTTP/1.1', '- - -'), [{...call, protocol: 'tcp'}]],
  ['a port nobody declares', plain.replace('inbound|8080||', 'InboundPassthroughCluster'), [call]],
  ['our own probe', plain.replace('GET / ', 'GET /.well-known/istio-mtls-probe '), []],
  ['the pod itself', plain.replace('10.122.128.7:36624', '127.0.0.1:36624'), []],
  [
    'an IPv6 caller',
    plain.replace('10.122.128.7:36624', '[fd00::7]:36624').replace('10.122.128.6:8080 10', '[fd00::6]:8080 10'),
    [{...call, address: 'fd00::7'}],
  ],
  ['an agent message', '2026-11-22T22:33:45.360927Z\tinfo\tEnvoy proxy is ready', []],
  [
    'JSON',
    JSON.stringify({
      ...{start_time: '2026-11-22T22:33:47.189Z', path: '/', response_flags: '-', response_code_details: 'via_upstream'},
      ...{upstream_cluster: 'inbound|8080||', downstream_local_address: '10.122.128.6:8080'},
      ...{downstream_remote_address: '10.122.128.7:36624', requested_server_name: null},
    }),
    [call],
  ],
])('%s', (_, text, expected) => {
  expect(plainLines(`${text}\n`)).toEqual({lines: expected, strange: 0})
})

test.each(['[2026-11-22T22:33:47.189Z] GET / 200', '[custom] "GET / HTTP/1.1" of mine'])(
  'a format of its own is counted, never skipped: %s',
  (text) => {
    expect(plainLines(text)).toEqual({lines: [], strange: 1})
  },
)

test('a user agent cannot forge the end of its line', () => {
  const forged = mutual.replace('Go-http-client/1.1', 'x" "-" "-" "-" inbound|1|| - 10.0.0.1:1 10.0.0.2:2 - default')
  expect(plainLines(forged).lines).toEqual([])
})
