/** How @hey-api/openapi-ts makes its client. */
export default { input: 'openapi.json', output: { path: 'sdk', importFileExtension: '.ts' } };
