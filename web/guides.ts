import { readFileSync } from 'node:fs'
import { Marked } from 'marked'
import type { Plugin } from 'vite'

/** The guides by the name under which the agent serves them, as files of `docs/`. */
const guides: Record<string, string> = { connect: 'connect.md', operate: 'operate.md', deploy: 'deploy/README.md' }

/** Builds `guides/NAME.html` from the guides of `docs/`, so that the page links to them where the agent runs. */
export function buildGuides(): Plugin {
  return {
    name: 'guides',
    generateBundle() {
      const styles = ['../src/http/document.css', './guides.css'].map((file) =>
        readFileSync(new URL(file, import.meta.url), 'utf8'),
      )
      this.emitFile({ type: 'asset', fileName: 'guides/guide.css', source: styles.join('\n') })
      for (const [name, file] of Object.entries(guides)) {
        const text = readFileSync(new URL(`../docs/${file}`, import.meta.url), 'utf8')
        this.emitFile({ type: 'asset', fileName: `guides/${name}.html`, source: renderGuide(text, file) })
      }
    },
  }
}

/** Renders a guide as a page of its own. `file` is its place in `docs/`, from which its links lead. */
export function renderGuide(text: string, file: string): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: title }) {
        return `<h${depth} id="${slugOf(title)}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens)
        const target = targetOf(href, file)
        return target === null ? words : `<a href="${target}">${words}</a>`
      },
      // A wide table or listing scrolls by itself, and by keyboard.
      code: ({ text: code }) => `<pre tabindex="0">${escapeHtml(code)}</pre>\n`,
      table(table) {
        const cells = (row: typeof table.header, tag: string) =>
          `<tr>${row.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`
        const head = table.header.some(({ text: title }) => title !== '')
          ? `<thead>${cells(table.header, 'th')}</thead>`
          : ''
        return `<div class="scroll" tabindex="0"><table>${head}<tbody>${table.rows.map((row) => cells(row, 'td')).join('')}</tbody></table></div>\n`
      },
    },
  })
  const title = /^# (.+)$/m.exec(text)?.[1] ?? 'Guide'
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escapeHtml(title)} · Meter Sync Agent</title>
    <link rel="icon" type="image/svg+xml" href="/icons/mark.svg" />
    <script src="/theme.js"></script>
    <link rel="stylesheet" href="/guides/guide.css" />
  </head>
  <body>
    <nav aria-label="Guides">
      <a href="/">Sync Status</a> <a href="/guides/operate.html">Operate</a> <a href="/guides/connect.html">Connect</a>
      <a href="/guides/deploy.html">Deploy</a> <a href="/docs">API</a>
    </nav>
    <main>${marked.parse(text, { async: false })}</main>
  </body>
</html>
`
}

/** Where a link of a guide leads here: to a guide, within this one, or to another host. Null where the file is not served. */
function targetOf(href: string, file: string): string | null {
  if (/^(https?:|#)/.test(href)) return href
  const { pathname, hash } = new URL(href, `file:///${file}`)
  const name = Object.keys(guides).find((one) => `/${guides[one]}` === pathname)
  return name === undefined ? null : `/guides/${name}.html${hash}`
}

/** The fragment of a heading, as code forges make it: so a link works there and here. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
