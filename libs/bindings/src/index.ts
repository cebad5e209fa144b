export * from './binding.js';
export * from './login-check.js';
export * from './told.js';
