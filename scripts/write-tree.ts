/** Writes the tree of `src/` into docs/map.md; a test keeps the two equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import { sourceTree } from './source-tree.ts'

const MAP = 'docs/map.md'

const text = readFileSync(MAP, 'utf8')
writeFileSync(
  MAP,
  text.replace(/```tree\n[\s\S]*?```/, () => `\`\`\`tree\n${sourceTree()}\`\`\``),
)
