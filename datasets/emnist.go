package datasets

// Divisions lists the divisions of EMNIST, the values of Options.Division.
func Divisions() []string {
	return []string{"balanced", "byclass", "bymerge", "digits", "letters", "mnist"}
}
