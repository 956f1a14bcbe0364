<?php $config = [
    'baseurlpath' => '@base_url@/', 'tempdir' => '@folder@/tmp', 'loggingdir' => '@folder@/tmp',
    'metadatadir' => '@folder@/metadata', 'certdir' => '@folder@', 'secretsalt' => 'of-this-test',
    'auth.adminpassword' => 'nobody-needs-it', 'timezone' => 'UTC', 'language.default' => 'en',
    'logging.handler' => 'errorlog', 'logging.level' => SimpleSAML\Logger::INFO, 'store.type' => 'phpsession',
    'session.cookie.name' => 'ssp@port@', 'session.phpsession.cookiename' => 'ssp-php@port@',
    'session.cookie.secure' => false, 'session.phpsession.savepath' => '@folder@/tmp',
    'metadata.sources' => [['type' => 'flatfile']], 'module.enable' => ['saml' => true],
];
