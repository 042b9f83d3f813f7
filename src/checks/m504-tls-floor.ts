import {check, finding} from '../model/check.ts'
import {setInIstiod} from './fix.ts'

/** The mesh speaks at least the TLS version that was asked for (rule 19). */
export const tlsFloor = check({
  code: 'M504',
  slug: 'm504-tls-floor',
  severity: 'error',
  needs: ['mesh'],
  title: 'The mesh speaks at least the TLS version asked for',
  failure: 'The mesh speaks an older TLS version than asked for',
  why: "Istio's default accepts TLS 1.2 between workloads; where 1.3 is demanded it must be configured.",
  hint: 'Set `meshConfig.meshMTLS.minProtocolVersion` to TLSV1_3.',
  skip: ({minTls}) => (minTls === '' ? 'no `min-tls` was asked for' : null),
  run({mesh}, {asked}) {
    if (!/1[._]3/.test(asked.minTls)) return []
    return mesh
      .filter(({minProtocolVersion}) => minProtocolVersion !== 'TLSV1_3')
      .map(({revision, namespace, file, line}) =>
        finding(
          {kind: 'ConfigMap', namespace, name: revision === 'default' ? 'istio' : `istio-${revision}`, file, line},
          'workloads accept TLS 1.2, asked for was TLS 1.3',
          {
            fix: setInIstiod({namespace, revision}, '--set meshConfig.meshMTLS.minProtocolVersion=TLSV1_3'),
          },
        ),
      )
  },
})
