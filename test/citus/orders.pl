# orders.pl SEED ROUNDS OPERATIONS ACCOUNTS NODES... : the calls of accounts, with commas between, each round each line of
# operations.txt once for each account, in an order that the seed draws. OPERATIONS is a file of name, tab, whether it changes something.
use strict;
use warnings;
my ($seed, $rounds, $known, $accounts, @nodes) = @ARGV;
my @accounts = split /,/, $accounts;
srand $seed;
my %changes;
open my $names, '<', $known or die "$known: $!";
while (<$names>) { my ($name, $changes) = split; $changes{$name} = $changes; }

my %lookup = (
	token => q{SELECT i->>'_id' FROM json_array_elements(flagplane.list_access_tokens("limit" => 100)->'items') i ORDER BY i->>'name' LIMIT 1},
	app => q{SELECT i->>'appId' FROM json_array_elements(flagplane.list_sdk_apps('p')->'items') i ORDER BY i->>'name', i->>'platform' LIMIT 1},
	iteration => q{SELECT jsonb_build_object('treatments', jsonb_agg(jsonb_build_object('name', i::text, 'baseline', i = 1, 'allocationPercent', '50', 'parameters', jsonb_build_array(jsonb_build_object('flagKey', 'f', 'variationId', v->>'_id'))))) FROM jsonb_array_elements(flagplane.get_flag('q', 'f')::jsonb->'variations') WITH ORDINALITY u(v, i)},
	project => q{SELECT 'prj_' || id FROM flagplane.projects WHERE key = 'p'},
);
my (@lines, %missing);
%missing = %changes;
(my $here = $0) =~ s{[^/]*$}{};
open my $table, '<', "${here}operations.txt" or die "operations.txt: $!";
while (<$table>)
{
	next if /^#|^\s*$/;
	chomp;
	my ($text, $lookup) = /^(.*?)(?: \| ((?:SELECT|\w+$).*))?$/;
	my $first = $text =~ s/^\+//;
	my $chance = $text =~ s/^\?//;
	my ($call) = $text =~ /^=(.*)/;
	my $name = '';
	if (!defined $call)
	{
		($name, my $arguments) = $text =~ /^(\w+) \|\s*(.*)$/ or die "not understood: $_";
		next if !exists $changes{$name};
		delete $missing{$name};
		my $key = $changes{$name} eq 't' ? "idempotency_key => '<key>'" : '';
		$call = "SELECT flagplane.$name(" . join(', ', grep { length } $arguments, $key) . ')';
	}
	$call = "SELECT count(c) FROM ($call OFFSET 0) c" if $chance;
	$lookup = $lookup{$lookup} // $lookup if defined $lookup;
	push @lines, { call => $call, lookup => $lookup // '', first => $first };
}
# The table of operations decides, not this file: a name that is not in it is left out, one of it that is not here is missed.
die 'operations.txt has no ', join(', ', sort keys %missing), "\n" if %missing;

my $number = 0;
for my $round (0 .. $rounds)
{
	my @calls = map { my $line = $_; map { [$_, $line] } @accounts } grep { $round || $_->{first} } @lines;
	for (my $i = @calls - 1; $round && $i > 0; $i--)
	{
		my $j = int rand($i + 1);
		@calls[$i, $j] = @calls[$j, $i];
	}
	for (@calls)
	{
		my ($account, $line) = @$_;
		$number++;
		my $node = $nodes[int rand @nodes];
		(my $call = $line->{call}) =~ s/<([\w .]+(?:\|[\w .]+)+)>/my @choice = split m{\|}, $1; $choice[int rand @choice]/ge;
		my $key = sprintf '%08d-0000-4000-8000-%012d', $number, $seed;
		$call =~ s/<key>/$key/;
		$call =~ s/#/$number/g;
		print join("\t", $number, $account, $node, $line->{lookup}, $call), "\n";
	}
}
