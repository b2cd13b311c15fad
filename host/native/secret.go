package native

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"

	"golang.org/x/crypto/blake2b"
)

// The secret of the admin verbs is in a file that only the node's owner can
// read: 16 random bytes as hexadecimal digits and 8 digits that check them, so
// that a flipped bit is found at the start and not by a refused command.
const SecretFile = "admin.secret"

const (
	secretDigits = 32
	checkDigits  = 8
)

// newSecret makes a secret.
func newSecret() string {
	var b [secretDigits / 2]byte
	rand.Read(b[:])
	digits := hex.EncodeToString(b[:])
	return digits + secretCheck(digits)
}

func secretCheck(digits string) string {
	sum := blake2b.Sum256([]byte(digits))
	return hex.EncodeToString(sum[:checkDigits/2])
}

// isSecret reports whether text is a secret as it was made.
func isSecret(text []byte) bool {
	return len(text) == secretDigits+checkDigits && string(text[secretDigits:]) == secretCheck(string(text[:secretDigits]))
}

// loadSecret reads the secret of the admin verbs, or makes it.
func (id *identity) loadSecret() error {
	data, err := id.files.read(SecretFile)
	if errors.Is(err, fs.ErrNotExist) {
		data = []byte(newSecret())
		err = id.files.write(SecretFile, data)
	}
	id.secret = string(data)
	return err
}
