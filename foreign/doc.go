// Package foreign is functions of the host that come as WebAssembly: what a
// module may be, what its calls cost, and how values cross the border.
//
// Load takes the bytes of a core module and returns others that every engine
// runs alike: nothing is imported (what a WASI runtime asks for at its start
// is answered by fixed bodies inside the module), every loop and every call is
// paid for in fuel, memory and stack have ends, and the bits of a NaN are the
// same wherever they could be seen. A Function then calls such a module on an
// Instance, which is all that an engine has to be: host/native has one for
// wazero; a browser's own engine can be another.
//
// The types of the bodies are for the engine to check, as it does in any case.
// The bytes are described in docs/wire/foreign.md.
package foreign
