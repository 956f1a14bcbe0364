<?php $config = ['default-sp' => [
    'saml:SP', 'entityID' => '@base_url@/ssp', 'idp' => 'localhost', 'certificate' => 'sp.crt', 'privatekey' => 'sp.key',
    'sign.authnrequest' => true, 'sign.logout' => true, 'redirect.sign' => true,
    'NameIDPolicy' => ['Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'],
]];
