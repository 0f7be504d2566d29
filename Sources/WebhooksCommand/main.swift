print("webhooks")
