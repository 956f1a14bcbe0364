<?php
// The router of a small site on SimpleSAMLphp: three addresses of its own, the rest is SimpleSAMLphp's.
require_once '/usr/share/simplesamlphp/lib/_autoload.php';

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (!in_array($path, ['/login', '/whoami', '/logout', '/bye'])) {
    return false;
}
if ($path === '/bye') {
    echo 'bye';
    return true;
}
$source = new \SimpleSAML\Auth\Simple('default-sp');
if ($path === '/login') {
    $source->login(['ReturnTo' => "http://{$_SERVER['HTTP_HOST']}/whoami"]);
} elseif ($path === '/logout') {
    $source->logout("http://{$_SERVER['HTTP_HOST']}/bye");
} elseif (!$source->isAuthenticated()) {
    http_response_code(401);
} else {
    header('Content-Type: application/json');
    $attributes = $source->getAttributes();
    echo json_encode([
        'name' => $source->getAuthData('saml:sp:NameID')->getValue(),
        'mobile' => $attributes['http://wso2.org/claims/mobile'][0] ?? null,
    ]);
}
return true;
