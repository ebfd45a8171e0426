#!/usr/bin/env node
'use strict'
// The command `meter-sync-agent`. Plain JavaScript that every Node.js can parse: it checks the version before it loads
// the program, which an older one cannot parse.
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

// The package holds a bundle. In the source tree Node.js runs the TypeScript itself.
const source = join(__dirname, '../src/main.ts')
const isSourceTree = existsSync(source)
const minimum = isSourceTree ? '24.0' : require('../package.json').engines.node.replace('>=', '')

if (isOlder(process.versions.node, minimum)) {
  const own = isSourceTree ? '; run `npm ci`, then `npx meter-sync-agent`, which uses the Node.js of the project' : ''
  process.stderr.write(
    `meter-sync-agent needs Node.js ${minimum} or later, and this is ${process.versions.node}${own}\n`,
  )
  // The status of a configuration that must be corrected: a supervisor does not start it again.
  process.exitCode = 78
} else {
  import(pathToFileURL(isSourceTree ? source : join(__dirname, '../dist/main.cjs')).href)
}

function isOlder(version, than) {
  const [major, minor] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = than.split('.').map(Number)
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}
