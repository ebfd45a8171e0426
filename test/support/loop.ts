/**
 * Preloaded into an agent's process (`NODE_OPTIONS=--import=…`): on SIGUSR2 it writes a log line with the longest block of
 * the event loop since the last one, the most memory that the process had, and the processor time that 96 MB of new memory
 * take at most. A block is the processor time between two turns, so that other processes of a busy machine do not count.
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

/** More than 32 MB come from the kernel each time, and not from what this process freed before. */
const newMemoryBytes = 96 * 1_024 * 1_024
/** The longest time is the true one, because the kernel can have memory at hand that another process has just freed. */
let newMemoryMs = 0

function measureNewMemory(): void {
  const before = process.threadCpuUsage()
  Buffer.alloc(newMemoryBytes, 'memory')
  const { user, system } = process.threadCpuUsage(before)
  newMemoryMs = Math.max(newMemoryMs, (user + system) / 1_000)
}

process.on('SIGUSR2', () => {
  measureNewMemory()
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: 'loop', longestMs, peakBytes, newMemoryMs })}\n`)
  longestMs = 0
  peakBytes = 0
  last = process.threadCpuUsage()
})
