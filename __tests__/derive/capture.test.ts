import {captureOf} from '../../src/derive/capture.ts'
import {capturedPort, openAddresses, openings} from '../../src/derive/captured-port.ts'
import {container, initArgs, plainPod, sidecarPod} from './builders.ts'

const withArgs = (...args: string[]) => sidecarPod({}, ['istio-iptables', '-m', 'REDIRECT', ...args])

test.each<[string, string[], number | null, boolean]>([
  ['34: all ports', ['-b', '*', '-d', '15090,15021'], 8080, true],
  ['34: all ports, undeclared ones too', ['-b', '*', '-d', '15090,15021'], null, true],
  ['34: excluded', ['-b', '*', '-d', '15090, 8080'], 8080, false],
  ['34: others are not excluded with it', ['-b', '*', '-d', '15090, 8080'], 8081, true],
  ['34: listed', ['-b', '8080,9090'], 9090, true],
  ['34: not listed', ['-b', '8080,9090'], 7070, false],
  ['34: a list leaves undeclared ports free', ['-b', '8080,9090'], null, false],
  ['34: exclusions count only with `*`', ['-b', '8080', '-d', '8080'], 8080, true],
  ['34: an empty list intercepts nothing', ['-b', ''], 8080, false],
  ['34: so does no list', [], 8080, false],
  ['33: the flag with `=`', ['-b=*', '-d=8080'], 8080, false],
  ['33: the flag without a space', ['-b*', '-d8080'], 8080, false],
  ['33: the long flag', ['--istio-inbound-ports', '*', '--istio-local-exclude-ports=8080'], 8080, false],
  ['33: a switch takes no value', ['--run-validation', '-b', '*'], 8080, true],
  ['33: log flags take theirs with `=`', ['--log_output_level=default:info', '-b', '*'], 8080, true],
  ['35: the tunnel port is left out', ['-b', '*'], 15008, false],
  ['37: an excluded interface frees every port', ['-b', '*', '-c', 'net1'], 8080, false],
])('rule %s', (_rule, args, port, expected) => {
  expect(capturedPort(withArgs(...args), port)).toBe(expected)
})

test('rule 33: istio-cni’s validation container carries the same arguments', () => {
  const pod = plainPod({initContainers: [container('istio-validation', {args: [...initArgs, '--run-validation', '--skip-rule-apply']})]})
  expect(captureOf(pod)).toMatchObject({
    mode: 'REDIRECT',
    source: 'istio-validation',
    includeInbound: '*',
    excludeInbound: [15090, 15021, 15020],
  })
})

test('rule 33: annotations of the pod have no effect any more', () => {
  expect(capturedPort(sidecarPod({annotations: {'traffic.sidecar.istio.io/excludeInboundPorts': '8080'}}), 8080)).toBe(true)
})

test('rule 36: TPROXY is like REDIRECT, NONE and a missing container leave all open', () => {
  expect(captureOf(sidecarPod({}, ['-m', 'TPROXY', '-b', '*'])).mode).toBe('TPROXY')
  expect(captureOf(sidecarPod({initContainers: []}, [])).mode).toBe('REDIRECT')
  expect(captureOf(plainPod()).mode).toBe('NONE')
  expect(openings(plainPod(), 8080)).toEqual(['nothing intercepts its traffic'])
  const proxy = container('istio-proxy', {env: {ISTIO_META_INTERCEPTION_MODE: 'NONE'}})
  expect(captureOf(sidecarPod({containers: [proxy]})).mode).toBe('NONE')
})

test('rule 38: outbound flags are kept as written', () => {
  const pod = withArgs('-b', '*', '-i', '10.0.0.0/8', '-x', '10.1.0.0/16', '-q', '80', '-o', '5432')
  expect(captureOf(pod).outbound).toEqual({
    includeRanges: '10.0.0.0/8',
    excludeRanges: '10.1.0.0/16',
    includePorts: '80',
    excludePorts: '5432',
  })
})

test.each<[string, string[], string[], string[]]>([
  ['one family', ['10.0.0.1'], [], []],
  ['IPv6 behind IPv4', ['10.0.0.1', 'fd00::1'], [], ['fd00::1']],
  ['IPv6 behind IPv4 with dual stack', ['10.0.0.1', 'fd00::1'], ['--dual-stack'], []],
  ['IPv4 behind IPv6: its rules are always written', ['fd00::1', '10.0.0.1'], [], []],
  ['no address yet', [], [], []],
])('addresses without capture rules: %s', (_what, ips, args, expected) => {
  const pod = sidecarPod({ips}, [...initArgs, ...args])
  expect(openAddresses(pod, captureOf(pod))).toEqual(expected)
  expect(capturedPort(pod, 8080)).toBe(expected.length === 0)
})

test('dual stack may also be told by the environment', () => {
  const init = container('istio-init', {args: initArgs, env: {ISTIO_DUAL_STACK: 'true'}})
  expect(captureOf({containers: [], initContainers: [init]}).dualStack).toBe(true)
})
