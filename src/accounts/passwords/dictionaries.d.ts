declare module '@zxcvbn-ts/language-en/dist/*.json.mjs' {
  const words: string[]
  export default words
}

declare module '@zxcvbn-ts/language-en/dist/translations.mjs' {
  export { translations as default } from '@zxcvbn-ts/language-en'
}
