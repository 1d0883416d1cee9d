export { offerPostgres as default } from './shared.ts';
