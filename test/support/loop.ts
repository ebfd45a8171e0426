/**
 * Preloaded into an agent's process (`NODE_OPTIONS=--import=…`): on SIGUSR2 it writes a log line with the longest block of
 * the event loop since the last one, the most memory that the process had, and the processor time that 48 MB of new memory
 * take. A block is the processor time between two turns, so that other processes of a busy machine do not count.
 */
const intervalMs = 1
let longestMs = 0
let peakBytes = 0
let last = process.threadCpuUsage()

const timer = setInterval(() => {
  const now = process.threadCpuUsage()
  longestMs = Math.max(longestMs, (now.user + now.system - last.user - last.system) / 1_000)
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  last = now
}, intervalMs)
timer.unref()

/** More than 32 MB come from the kernel each time, and not from what was freed before. */
const newMemoryBytes = 48 * 1_024 * 1_024

function measureNewMemory(): number {
  const before = process.threadCpuUsage()
  Buffer.alloc(newMemoryBytes, 'memory')
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}

process.on('SIGUSR2', () => {
  const newMemoryMs = measureNewMemory()
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: 'loop', longestMs, peakBytes, newMemoryMs })}\n`)
  longestMs = 0
  peakBytes = 0
  last = process.threadCpuUsage()
})
