<?php
// Turns our metadata into what SimpleSAMLphp keeps of them, as its own converter does.
require_once '/usr/share/simplesamlphp/lib/_autoload.php';
$entities = \SimpleSAML\Metadata\SAMLParser::parseDescriptorsString(file_get_contents($argv[1]));
echo '<?php ';
foreach ($entities as $id => $entity) {
    $found = $entity->getMetadata20IdP();
    unset($found['entityDescriptor'], $found['expire']);
    echo '$metadata[' . var_export($id, true) . '] = ' . var_export($found, true) . ';';
}
