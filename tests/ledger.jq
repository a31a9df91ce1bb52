# The ledger's file to what it comes to: jq -nf tests/ledger.jq FILE
[inputs] | {entries: map(select(.number)) | sort_by(.number),
	pauses: map(select(.pause) | .name = .pause)}
