CREATE TABLE "DeviceAuthorizationLeases" (
    "Name" TEXT NOT NULL CONSTRAINT "PK_DeviceAuthorizationLeases" PRIMARY KEY,
    "Until" INTEGER NOT NULL
);


CREATE TABLE "DevicePairings" (
    "Id" TEXT NOT NULL CONSTRAINT "PK_DevicePairings" PRIMARY KEY,
    "DeviceCodeHash" TEXT NOT NULL,
    "UserCodeHash" TEXT NOT NULL,
    "ClientId" TEXT NOT NULL,
    "RequiresClientId" INTEGER NOT NULL,
    "RequestedScopes" TEXT NOT NULL,
    "ReportedName" TEXT NOT NULL,
    "ReportedPlatform" TEXT NULL,
    "ReportedClientVersion" TEXT NULL,
    "ReportedIdentifier" TEXT NULL,
    "ReportedAddress" TEXT NULL,
    "CanShowNumber" INTEGER NOT NULL,
    "CreatedAt" INTEGER NOT NULL,
    "TraceParent" TEXT NULL,
    "ExpiresAt" INTEGER NOT NULL,
    "PollInterval" INTEGER NOT NULL,
    "PollDueAt" INTEGER NOT NULL,
    "IsSlowed" INTEGER NOT NULL,
    "PollWriteId" TEXT NOT NULL,
    "Status" TEXT NOT NULL,
    "ApproverId" TEXT NULL,
    "ClaimedUntil" INTEGER NULL,
    "IsSuspected" INTEGER NULL,
    "GrantedScopes" TEXT NULL,
    "GrantedDeviceName" TEXT NULL,
    "GrantedAsNewDevice" INTEGER NOT NULL,
    "TokenExpiresAt" INTEGER NULL,
    "TokenSalt" TEXT NULL,
    "DeviceId" TEXT NULL,
    "GrantedSignOuts" INTEGER NULL,
    "GrantedAccountStamp" TEXT NULL,
    "MatchNumber" INTEGER NULL,
    "RedeemedAt" INTEGER NULL,
    "IdempotencyKeyHash" TEXT NULL,
    "RedeemedFrom" TEXT NULL,
    "Version" INTEGER NOT NULL,
    "WriteId" TEXT NOT NULL
);


CREATE TABLE "DeviceTokenOwners" (
    "UserId" TEXT NOT NULL CONSTRAINT "PK_DeviceTokenOwners" PRIMARY KEY,
    "Turn" INTEGER NOT NULL,
    "SignOuts" INTEGER NULL
);


CREATE TABLE "PairedDevices" (
    "Id" TEXT NOT NULL CONSTRAINT "PK_PairedDevices" PRIMARY KEY,
    "UserId" TEXT NOT NULL,
    "Name" TEXT NULL,
    "Platform" TEXT NULL,
    "Client" TEXT NULL,
    "ClientVersion" TEXT NULL,
    "IpAddress" TEXT NULL,
    "MacAddress" TEXT NULL,
    "Hostname" TEXT NULL,
    "ClientDeviceIdentifier" TEXT NULL,
    "Fingerprint" TEXT NULL,
    "SyncMode" TEXT NOT NULL,
    "SyncEnabled" INTEGER NOT NULL,
    "SyncConfig" TEXT NULL,
    "Capabilities" TEXT NULL,
    "LastSeenAt" INTEGER NULL,
    "CreatedAt" INTEGER NOT NULL,
    "UpdatedAt" INTEGER NOT NULL,
    "Version" INTEGER NOT NULL,
    "WriteId" TEXT NOT NULL
);


CREATE TABLE "DeviceTokens" (
    "Id" TEXT NOT NULL CONSTRAINT "PK_DeviceTokens" PRIMARY KEY,
    "UserId" TEXT NOT NULL,
    "DeviceId" TEXT NULL,
    "IsBound" INTEGER NOT NULL,
    "PairingId" TEXT NULL,
    "ClientId" TEXT NULL,
    "StartedFrom" TEXT NULL,
    "AccountStamp" TEXT NULL,
    "Hash" TEXT NOT NULL,
    "Name" TEXT NOT NULL,
    "Scopes" TEXT NOT NULL,
    "CreatedAt" INTEGER NOT NULL,
    "ExpiresAt" INTEGER NULL,
    "LastUsedAt" INTEGER NULL,
    "RevokedAt" INTEGER NULL,
    "Version" INTEGER NOT NULL,
    "WriteId" TEXT NOT NULL,
    CONSTRAINT "FK_DeviceTokens_PairedDevices_DeviceId" FOREIGN KEY ("DeviceId") REFERENCES "PairedDevices" ("Id") ON DELETE SET NULL
);


CREATE UNIQUE INDEX "IX_DevicePairings_DeviceCodeHash" ON "DevicePairings" ("DeviceCodeHash");


CREATE INDEX "IX_DevicePairings_ExpiresAt" ON "DevicePairings" ("ExpiresAt");


CREATE UNIQUE INDEX "IX_DevicePairings_UserCodeHash" ON "DevicePairings" ("UserCodeHash");


CREATE INDEX "IX_DeviceTokens_DeviceId" ON "DeviceTokens" ("DeviceId");


CREATE UNIQUE INDEX "IX_DeviceTokens_Hash" ON "DeviceTokens" ("Hash");


CREATE UNIQUE INDEX "IX_DeviceTokens_PairingId" ON "DeviceTokens" ("PairingId");


CREATE INDEX "IX_DeviceTokens_RevokedAt" ON "DeviceTokens" ("RevokedAt");


CREATE INDEX "IX_DeviceTokens_UserId" ON "DeviceTokens" ("UserId");


CREATE UNIQUE INDEX "IX_PairedDevices_UserId_ClientDeviceIdentifier" ON "PairedDevices" ("UserId", "ClientDeviceIdentifier");


CREATE UNIQUE INDEX "IX_PairedDevices_UserId_Fingerprint" ON "PairedDevices" ("UserId", "Fingerprint");
