// Walks the pages from an address, as somebody who signs in and allows, and says where they end.
//
// Arguments: where `person.mjs` is; who signs in, as JSON; the address.

const { Person } = await import(process.argv[2]);
const landed = await new Person(JSON.parse(process.argv[3])).approves(new URL(process.argv[4]));
console.log(landed.href);
