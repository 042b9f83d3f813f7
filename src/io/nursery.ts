import {setFlagsFromString} from 'node:v8'

/**
 * Keeps V8's young generation as small as a process starts with. Left alone it doubles to 2 × 64 MB while ten thousand pods are judged, most of
 * it garbage: it was a third of the peak (docs/performance.md). V8 asks for the factor each time it would grow (heap/new-spaces.cc,
 * `SemiSpaceNewSpace::Grow`), so it takes effect at once, as `--max-semi-space-size` would not; a version without the flag goes on as ever.
 */
export function keepNurserySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
