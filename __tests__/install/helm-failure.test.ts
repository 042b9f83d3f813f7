import {helmFailure} from '../../src/install/helm-failure.ts'

const trouble = {
  release: 'istiod',
  output: '',
  timedOut: false,
  signal: null as string | null,
  troubles: [] as string[],
  hub: 'docker.io/istio',
}
const timeout = 'Error: UPGRADE FAILED: context deadline exceeded'

test.each<[string, Partial<typeof trouble>, string, RegExp]>([
  [
    'Docker Hub said no',
    {
      output: timeout,
      troubles: ['pod istiod-1, container discovery: ErrImagePull: toomanyrequests: You have reached your pull rate limit'],
    },
    'image-pull',
    /pull-through cache/,
  ],
  [
    'the hub does not exist',
    {output: timeout, troubles: ['pod istiod-1, container discovery: ImagePullBackOff: Back-off pulling image'], hub: 'example.org/none'},
    'image-pull',
    /`hub: example\.org\/none`/,
  ],
  [
    'the hub is one that Istio has left',
    {output: timeout, troubles: ['pod istiod-1: ImagePullBackOff: Back-off pulling image "registry.istio.io/release/pilot:1.30.0"']},
    'image-pull',
    /`registry\.istio\.io` is retired.*hub: docker\.io\/istio/,
  ],
  [
    'no node has room',
    {output: timeout, troubles: ['pod istiod-1: Unschedulable: 0/1 nodes are available: 1 Insufficient memory']},
    'unschedulable',
    /room for istiod/,
  ],
  [
    'the namespace is on its way out, which is no matter of permissions',
    {
      output:
        'Error: serviceaccounts "istiod" is forbidden: unable to create new content in namespace istio-system because it is being terminated',
    },
    'namespace-terminating',
    /once it is gone/,
  ],
  [
    'a quota is used up, which is none either',
    {output: 'Error: pods "istiod" is forbidden: exceeded quota: small, requested: cpu=500m, used: cpu=4, limited: cpu=4'},
    'quota',
    /ResourceQuota/,
  ],
  [
    'another helm is at work',
    {output: 'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress'},
    'release-pending',
    /concurrency/,
  ],
  [
    'AKS owns a field',
    {
      output:
        'Error: conflict occurred: Apply failed with 1 conflict: conflict with "admissionsenforcer" using admissionregistration.k8s.io/v1',
    },
    'field-conflict',
    /admissions\.enforcer\/disabled/,
  ],
  [
    'someone owns a field',
    {output: 'Error: Apply failed with 2 conflicts: conflict with "istio-operator" using apps/v1'},
    'field-conflict',
    /`istio-operator`.*never forced/,
  ],
  [
    'an object of others',
    {
      output:
        'Error: unable to continue with install: ServiceAccount "istiod" exists and cannot be imported into the current release: invalid ownership metadata',
    },
    'foreign-installation',
    /take-over: true/,
  ],
  [
    'escalation is refused',
    {output: 'Error: clusterroles is forbidden: user "ci" is attempting to grant RBAC permissions not currently held'},
    'permission',
    /role `enforce`/,
  ],
  [
    'a webhook with nothing behind it',
    {output: 'Error: Internal error occurred: failed calling webhook "validation.istio.io": no endpoints available'},
    'stale-webhook',
    /nothing stands behind it/,
  ],
  [
    'values of the wrong type',
    {output: "Error: values don't meet the specifications of the schema(s) in the following chart(s)"},
    'values',
    /Correct `values`/,
  ],
  ['only slow', {output: timeout}, 'install-timeout', /raise `timeout`/],
  ['anything else', {output: 'Error: the moon is full'}, 'helm-failed', /lines above/],
])('%s', (_, more, entry, cure) => {
  const failure = helmFailure({...trouble, ...more})
  expect(failure.entry).toBe(entry)
  expect(failure.cure).toMatch(cure)
})

test('the sentence holds what helm said and why the pods wait', () => {
  const failure = helmFailure({...trouble, output: `resource not ready\n${timeout}\n`, troubles: ['pod istiod-1: Unschedulable: no room']})
  expect(failure.message).toBe(
    'helm could not bring release `istiod` about: UPGRADE FAILED: context deadline exceeded. pod istiod-1: Unschedulable: no room.',
  )
})

test.each<[string, Partial<typeof trouble>, RegExp]>([
  ['a helm that was killed', {signal: 'SIGKILL', output: 'Installing it now.'}, /helm was ended by SIGKILL/],
  ['a helm that never ended', {timedOut: true, signal: 'SIGTERM'}, /helm did not end in time/],
])('says so of %s, whose last line would mislead', (_, more, says) => {
  expect(helmFailure({...trouble, ...more}).message).toMatch(says)
})
