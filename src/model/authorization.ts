import type {Ref} from './ref.ts'

/** One rule of a policy in words: `from` are alternatives, as are the `to` and the conditions of `when` all at once; [] sets no limit. */
export interface Permit {
  from: string[]
  to: string[]
  when: string[]
  policy: Ref
}

/** Who may call a workload and which token a call must bring, by the policies in force; pods of one workload that differ get one each. */
export interface Authorization {
  namespace: string
  workload: {kind: string; name: string}
  /** `anyone`: no ALLOW policy limits; `listed`: only whom `allowed` names; `nobody`. Who is `denied` is so in each case. */
  callers: 'anyone' | 'listed' | 'nobody'
  allowed: Permit[]
  denied: Permit[]
  /** Providers of CUSTOM policies, which are asked besides. */
  asks: string[]
  /** `checked`: a wrong token is refused, none passes; `in part`: some calls need one; `demanded`: all do. */
  token: {demand: 'none' | 'checked' | 'in part' | 'demanded'; issuers: string[]}
  /** What makes this less than it seems, or ''. */
  remark: string
}
