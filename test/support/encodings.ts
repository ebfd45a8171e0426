import type { Database, World } from './world.ts'

/**
 * Creates another database beside one of the world, with this encoding. It is dropped when the test ends, after the agents
 * that the test starts later have stopped.
 */
export async function createEncoded(
  world: World,
  beside: Database,
  encoding: 'UTF8' | 'LATIN1' | 'EUC_JP' | 'SQL_ASCII',
): Promise<{ name: string; url: string }> {
  const name = `${beside.name}_${encoding.toLowerCase()}`
  await beside.query(`create database ${name} encoding '${encoding}' locale 'C' template template0`)
  world.after(() => beside.query(`drop database if exists ${name} with (force)`))
  const url = new URL(beside.url)
  url.pathname = name
  return { name, url: url.href }
}
