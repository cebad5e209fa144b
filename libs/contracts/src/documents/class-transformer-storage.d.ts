// The package exports this without declaring it; class-validator-jsonschema reads from it what lists hold.
declare module 'class-transformer/cjs/storage.js' {
  export const defaultMetadataStorage: object;
}
