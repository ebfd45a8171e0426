import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the young generation of the heap small, before anything fills it: bytes stream through here and die young, and
 * by itself the heap would let 50 MB of them pile up. To be imported first.
 */
setFlagsFromString('--max-semi-space-size=2')
setFlagsFromString('--semi-space-growth-factor=1')
