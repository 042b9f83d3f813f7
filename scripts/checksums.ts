import {readFileSync, writeFileSync} from 'node:fs'

// Adds a helm version to the built-in table: `node scripts/checksums.ts v4.2.5`. The sums come from the release notes on GitHub and must
// agree with those beside the archives: two hosts have to lie alike. Commit the change after reading it.
const table = new URL('../src/install/helm-checksums.json', import.meta.url)
const version = process.argv[2] ?? ''
if (!/^v\d+\.\d+\.\d+$/.test(version)) throw new Error('Name a version: `node scripts/checksums.ts v4.2.5`')

const release = JSON.parse(await text(`https://api.github.com/repos/helm/helm/releases/tags/${version}`)) as {
  body: string
  published_at: string
}
const sums = checksumsIn(release.body)
if (Object.keys(sums).length === 0) throw new Error(`The release notes of helm ${version} list no checksums in the form this script knows`)
for (const [platform, sum] of Object.entries(sums)) {
  const archive = `helm-${version}-${platform}.${platform.startsWith('windows') ? 'zip' : 'tar.gz'}`
  const [beside = ''] = (await text(`https://get.helm.sh/${archive}.sha256sum`)).split(/\s/)
  if (beside !== sum)
    throw new Error(`${archive}: the release notes say ${sum}, get.helm.sh says ${beside || 'nothing'}: add nothing and ask why`)
}

const known = JSON.parse(readFileSync(table, 'utf8')) as Record<string, unknown>
const source = `${known['source']}; ${version} from its release notes (${release.published_at.slice(0, 10)}), equal to get.helm.sh`
writeFileSync(table, `${JSON.stringify({...known, source, [version]: sums}, null, 2)}\n`)
console.log(`${version}: ${Object.keys(sums).length} platforms`)

/** Platform → SHA-256, from lines such as `- [Linux amd64](https://get.helm.sh/helm-v4.2.4-linux-amd64.tar.gz) ([checksum](…) / c306…)`. */
function checksumsIn(notes: string): Record<string, string> {
  const lines = notes.matchAll(/helm-v[\d.]+-([a-z]+-[a-z0-9]+)\.(?:tar\.gz|zip)\).*?\/ ([0-9a-f]{64})\)/g)
  return Object.fromEntries([...lines].map(([, platform = '', sum = '']) => [platform, sum] as const).sort())
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url, {headers: {'user-agent': 'istio-mtls-action'}})
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return answer.text()
}
