/** Writes the tree of `src/` into ARCHITECTURE.md; a test keeps the two equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import { sourceTree } from './source-tree.ts'

const text = readFileSync('ARCHITECTURE.md', 'utf8')
writeFileSync(
  'ARCHITECTURE.md',
  text.replace(/```tree\n[\s\S]*?```/, () => `\`\`\`tree\n${sourceTree()}\`\`\``),
)
