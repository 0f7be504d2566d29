/// Certificates and keys that were made for these tests and serve for nothing else.
package enum SamplePEM {
    /// A certificate of its own issue.
    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBcDCCARWgAwIBAgIUSKtOndv8ESMJw/izAcA1PuO7m8swCgYIKoZIzj0EAwIw
        DDEKMAgGA1UEAwwBczAgFw0yNjExMjQxOTAwMThaGA8yMTI2MTAzMTE5MDAxOFow
        DDEKMAgGA1UEAwwBczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGzQgCVxSY7Z
        gZd87qtWBss0gr6vIT07kQrpYlnjdpyy+jGFm9YjSW7ca6rjBOZavzn/LARVS/7j
        gvKhY5RIFXSjUzBRMB0GA1UdDgQWBBRMv7MOjI5FMpMQYD36EtVgGdUrBzAfBgNV
        HSMEGDAWgBRMv7MOjI5FMpMQYD36EtVgGdUrBzAPBgNVHRMBAf8EBTADAQH/MAoG
        CCqGSM49BAMCA0kAMEYCIQCw3Fhm5NGI6Bo6j/Fat9fnmBftaPQyITS8k56SdxeN
        2gIhAODQ85lHO/SblyKtcN8WcMco7QWJ/qTs9QN3HSciR1xQ
        -----END CERTIFICATE-----

        """

    /// Its key.
    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxzbTJAmtZG5GBXIf
        lo+7bYM2FwqSuJQigdNZiJbq3duhRANCAARs0IAlcUmO2YGXfO6rVgbLNIK+ryE9
        O5EK6WJZ43acsvoxhZvWI0lu3Guq4wTmWr85/ywEVUv+44LyoWOUSBV0
        -----END PRIVATE KEY-----

        """

    /// The same key behind a passphrase.
    package static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAizKDrecGq5tQICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECDboevNJU8LTjyNPfXptugEgZCP
        g+x66eh7t5JM4KMRl88MnRh5qN0kEXn+8n5kmlTzxBTt3MxfypNJuE78jjY6ct1c
        pgz+zi6EZiDV5mEfBxxWU4S3QrnVFSBuWs1ExBJnYletwDiGWJ+GI4vRlHOwZtI9
        uGdzLLPo4CIRzxkjnYaY0SRsjS4h3V+OHcChqwF734+M3Yv8en0m0sCX2TTPPOc=
        -----END ENCRYPTED PRIVATE KEY-----

        """

    /// The same key behind a passphrase, as OpenSSL wrote it before.
    package static let oldEncryptedKey = """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,CADE2B1791E500894FF28A4220E64C65

        KnnE3ai+BMp3TFt620TyQxMR3GTz1JQzjlMaZDqkDQOE5KwH5bJ0OHuo2zoihmkU
        mGpvsvWMo7iOKrO0hDTsQVlJxFwvl/UXk7vBXNynomE0l6NEVhq9pQJOK/n1HklU
        DhIfKNSut2XqwkWA9lw3viy353s4y+ZWtyTOUcMyfYA=
        -----END EC PRIVATE KEY-----

        """

    /// Another one's certificate.
    package static let otherCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBcDCCARWgAwIBAgIUbbJr3L9Qx3taHFgWZah9bByWkvYwCgYIKoZIzj0EAwIw
        DDEKMAgGA1UEAwwBdDAgFw0yNjExMjQxOTAwMThaGA8yMTI2MTAzMTE5MDAxOFow
        DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDTyBx66BkD6
        xiQ8oUpYGCNeJDus0603uZa0GRGmST1tu0/8LC16Ei5Inu3VdX4kJpRPdAhc0/ZK
        Y63uJK7xs66jUzBRMB0GA1UdDgQWBBRddbhdByFJ2liHA0PVb+HelkxTHDAfBgNV
        HSMEGDAWgBRddbhdByFJ2liHA0PVb+HelkxTHDAPBgNVHRMBAf8EBTADAQH/MAoG
        CCqGSM49BAMCA0kAMEYCIQDNXsuO6JPeqYHv5+VZsV0/URJWsaPhIif++QWJcX3w
        OgIhAN4tAE4hlH5OYWll9TKkLGmYBBPqANVI9EAu17EtoquQ
        -----END CERTIFICATE-----

        """

    /// Another one's key.
    package static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjY9MI8cQYMB4NXov
        mgSapZ9jwwy1kuEz9hwFLiA69MKhRANCAAQ08gceugZA+sYkPKFKWBgjXiQ7rNOt
        N7mWtBkRpkk9bbtP/CwtehIuSJ7t1XV+JCaUT3QIXNP2SmOt7iSu8bOu
        -----END PRIVATE KEY-----

        """
}
