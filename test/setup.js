'use strict';

// fabric-shim and fabric-contract-api print INFO lines at import; tests want silence.
process.env.CORE_CHAINCODE_LOGGING_LEVEL = 'error';
process.env.HFC_LOGGING = '{}';
