import { setFlagsFromString } from 'node:v8'

/**
 * Limits the young generation of the heap. The agent streams many short-lived buffers, and by default V8 would let 50 MB
 * of them accumulate. Must be imported before any other module, because V8 reads these flags while the heap is small.
 */
setFlagsFromString('--max-semi-space-size=2')
setFlagsFromString('--semi-space-growth-factor=1')
