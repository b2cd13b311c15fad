// Package member says who is there: whom to dial, who is linked, who is
// suspected, and who is gone for now.
package member
