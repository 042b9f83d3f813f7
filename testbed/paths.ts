import {homedir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

/** The folder of the test bed's own sources. */
export const sourceDir = dirname(fileURLToPath(import.meta.url))

/** Where built programs and images are kept between starts: `$ISTIO_MTLS_TESTBED_CACHE`, else `~/.cache/istio-mtls-testbed`. */
export function cacheDir(): string {
  return process.env.ISTIO_MTLS_TESTBED_CACHE || join(homedir(), '.cache', 'istio-mtls-testbed')
}

/** The folder that holds one run folder per bed: machine-wide, for addresses and namespace names are too. */
export const runRoot = '/var/lib/istio-mtls-testbed'

/** Everything a running bed writes. */
export function runDirOf(bed: number): string {
  return join(runRoot, `bed-${bed}`)
}
