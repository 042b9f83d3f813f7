import {get} from 'node:https'

/** A file from the bed's own artifact server, whose certificate only the bed's authority vouches for. */
export function download(url: string, ca: Buffer): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    get(url, {ca}, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${url}: ${answer.statusCode}`)),
      )
    }).on('error', reject)
  })
}
