# The ledger's file to what it comes to: jq -nf tests/ledger.jq FILE
def same($a; $b): $a.netns == $b.netns and $a.ifindex == $b.ifindex;
reduce inputs as $line ({entries: [], pauses: []};
	.entries |= map(select(. as $entry | any($line.gone[]?; same(.; $entry)) | not))
	| reduce $line.entries[] as $new (.;
		if any(.entries[]; same(.; $new))
		then .entries |= map(if same(.; $new) then $new else . end)
		else .entries += [$new] end)
	| .pauses = ($line.pauses // .pauses))
