// Bundles the server, its packages too, and the browser's few files into dist/. Takes half a second, so every start does
// it anew and nothing stale is ever served. docs/decisions/0029 says why the packages are bundled.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, stop } from 'esbuild'
import { root } from './runtime.mjs'

const out = join(root, 'dist')

/** How long the parts of earlier builds stay: a node that runs from them reads some only when they are first needed. */
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000

export async function buildAll({ keptFor = KEPT_FOR } = {}) {
  const began = Date.now()
  await Promise.all([buildServer(), buildBrowser()])
  removeParts(began - keptFor)
  // Its process would stay beside the server, with twice the server's memory.
  await stop()
}

/** What packages in CommonJS ask for Node's own modules with. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'
const require = requireFrom(import.meta.url)`

/** Native code, and what Fastify asks for only where a route has a schema or a request is invented: both stay where npm has put them. */
const LEFT_OUTSIDE = [
  '@node-rs/*',
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
]

async function buildServer() {
  await build({
    entryPoints: { main: join(root, 'src/main.ts'), judge: join(root, 'src/accounts/passwords/judge.ts') },
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: LEFT_OUTSIDE,
    banner: { js: REQUIRE },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  })
}

function removeParts(writtenBefore) {
  const parts = readdirSync(out).filter((name) => /\.mjs(\.map)?$/.test(name))
  for (const path of parts.map((name) => join(out, name))) {
    if (statSync(path, { throwIfNoEntry: false })?.mtimeMs < writtenBefore) rmSync(path, { force: true })
  }
}

/** Every file carries a hash of its content in its name, so that browsers may keep it for ever. */
async function buildBrowser() {
  const result = await build({
    entryPoints: { site: join(root, 'src/ui/site.css'), islands: join(root, 'src/ui/islands/islands.ts') },
    outdir: join(out, 'public'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'safari16'],
    loader: { '.woff2': 'file', '.svg': 'file' },
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const folder = join(out, 'public')
  mkdirSync(folder, { recursive: true })
  const current = new Set()
  for (const { path, contents } of result.outputFiles) {
    const name = basename(path)
    current.add(name)
    if (existsSync(join(folder, name))) continue
    writeFileSync(join(folder, name), contents)
    if (extname(name) !== '.woff2') writeFileSync(join(folder, `${name}.gz`), gzipSync(contents, { level: 9 }))
  }
  for (const name of readdirSync(folder)) {
    if (!current.has(name.replace(/\.gz$/, ''))) rmSync(join(folder, name), { recursive: true })
  }
  writeFileSync(join(out, 'assets.json'), JSON.stringify(names(result.metafile), null, 2))
}

function names({ outputs }) {
  const entries = Object.entries(outputs).filter(([, output]) => output.entryPoint)
  const named = Object.fromEntries(
    entries.map(([path, { entryPoint }]) => [basename(entryPoint).replace(/\.ts$/, '.js'), basename(path)]),
  )
  const font = Object.keys(outputs).find(
    (path) => path.includes('latin') && !path.includes('latin-ext') && path.endsWith('.woff2'),
  )
  return font ? { ...named, font: basename(font) } : named
}

if (process.argv[1]?.endsWith('build.mjs')) await buildAll()
