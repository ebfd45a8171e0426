/**
 * Preloaded into an agent's process (`NODE_OPTIONS=--import=…`): on SIGUSR2 it writes a log line with the longest block of
 * the event loop since the last one, and the most memory that the process had. A block is the processor time between two
 * turns, so that other processes of a busy machine do not count.
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

process.on('SIGUSR2', () => {
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: 'loop', longestMs, peakBytes })}\n`)
  longestMs = 0
  peakBytes = 0
})
